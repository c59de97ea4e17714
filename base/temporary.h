/* Where private folders are made. */
#ifndef BASE_TEMPORARY_H
#define BASE_TEMPORARY_H

/* $TMPDIR, or /tmp; that, too, where $TMPDIR has a blank, at which the files of many a broker would cut it off. */
const char *temporary_folder(void);

#endif
