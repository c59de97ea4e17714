/* JSON inside a page: no character of a text can end the element that it stands in. */
#ifndef REPORTS_JSON_H
#define REPORTS_JSON_H

#include <stdio.h>

void json_text(FILE *to, const char *text); /* NULL: null */
void json_number(FILE *to, double number);  /* not finite: null */

/* `"name":"text",`; nothing for NULL. */
void json_member(FILE *to, const char *name, const char *text);

#endif
