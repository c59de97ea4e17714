/* The style of the page: that of all reports and page.css, made into an array by the build. */
#ifndef BENCH_STYLE_H
#define BENCH_STYLE_H

extern const char html_bench_style[];
extern const char html_bench_style_hash[]; /* as in reports/html_parts.h */

#endif
