/* A plot over time, as SVG inside a page: no script, no style of its own.
 *
 *	 1 s |        ..
 *	     |   ....'  '..     each line has a name, a colour and a pattern of dashes
 *	1 ms +------------- s
 */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { PLOT_LINES_MAX = 8 };

struct plot_line {
	const char *name;
	const double *x, *y; /* seconds; what is plotted. Borrowed */
	size_t count;
};

struct plot {
	const char *title;
	const char *summary; /* what somebody who does not see it is told */
	bool is_time; /* y is in microseconds, on a logarithmic scale; else a rate from 0 on */
	struct plot_line lines[PLOT_LINES_MAX];
	size_t line_count;
};

void plot_put(FILE *to, const struct plot *p);

#endif
