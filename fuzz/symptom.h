/* What a target may show that it must not, whatever it is sent. To close, to refuse, or in 5.0 to put up with
 * what is wrong is no symptom.
 */
#ifndef FUZZ_SYMPTOM_H
#define FUZZ_SYMPTOM_H

#include <stdbool.h>
#include <stdio.h>

enum symptom_kind {
	SYMPTOM_NONE,
	SYMPTOM_DEATH,       /* its process ended; at a URL: nobody listens any more */
	SYMPTOM_REPORT,      /* it lives, and a sanitizer or its runtime reports an error in it */
	SYMPTOM_HARM,        /* the witnesses are not served as before */
	SYMPTOM_ILLEGAL,     /* what it sends breaks a statement */
	SYMPTOM_BUSY,        /* it works on and on, though nobody asks anything of it */
	SYMPTOM_MEMORY,      /* memory that it does not give back */
	SYMPTOM_DESCRIPTORS, /* the same of file descriptors */
	SYMPTOM_KINDS,
};

enum { SYMPTOM_TEXT_SIZE = 512 };

struct symptom {
	enum symptom_kind kind;
	char key[SYMPTOM_TEXT_SIZE]; /* the same symptom has the same kind and key: "5.0:MQTT-3.14.4-1" */
	char what[SYMPTOM_TEXT_SIZE]; /* for people: "signal 11 (Segmentation fault)" */
};

const char *symptom_word(enum symptom_kind kind); /* "death", for the name of a folder */

struct symptom symptom_make(enum symptom_kind kind, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "death: signal 11 (Segmentation fault)", "illegal: a CONNACK ... (5.0:MQTT-3.14.4-1)"; no newline. */
void symptom_print(FILE *to, const struct symptom *s);

/* Whether one stands for the other. All harm is one, however it shows. */
bool symptom_same(const struct symptom *a, const struct symptom *b);

#endif
