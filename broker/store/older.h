/* What LMDB leaves behind of a commit that failed.
 *
 * When the first page that a commit was to be named by cannot be written, LMDB puts that page's old number back, but
 * beside the tree of the new commit. The file is good, and looks as if a bit of the number had flipped, which
 * would take it back a commit (reading.h tells that by the head of the tree).
 */
#ifndef BROKER_STORE_OLDER_H
#define BROKER_STORE_OLDER_H

/* After a commit that failed: the older of the two first pages has no tree any more. It is not read by LMDB, and is written anew
 * by the next commit. Whatever fails here leaves the file as it is.
 */
void older_forget(int fd);

#endif
