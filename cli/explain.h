/* What a name may mean; each kind of name is explained in a file of its own. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <stdbool.h>

#include "cli/nearest.h"
#include "cli/page.h"

struct spec_statement;

/* Each explains all that `name` means among its kind, and says whether that was anything. */
bool explain_statement(struct page *p, const char *name);
bool explain_case(struct page *p, const char *name);
bool explain_reason_code(struct page *p, const char *name);
bool explain_return_code(struct page *p, const char *name);
bool explain_property(struct page *p, const char *name);
bool explain_word(struct page *p, const char *name);

/* Each offers the names that it knows. */
void offer_statements(struct nearest *n);
void offer_cases(struct nearest *n);
void offer_codes(struct nearest *n);
void offer_words(struct nearest *n);

/* The statements of 5.0 that speak of `text` in summary or note, whatever the case of its letters. */
void explain_mentions(struct page *p, const char *text);

#endif
