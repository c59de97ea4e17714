/* The user name and password that clients give, from the first of these that has one: the command line, the
 * environment ($MQTTSPEC_USER, $MQTTSPEC_PASSWORD), the target's file. The password of the file is for its own user
 * name only.
 */
#ifndef CLI_LOGIN_H
#define CLI_LOGIN_H

struct arena;
struct login;
struct target_file;

/* `user` and `password_file` are those of the command line, or NULL; `file` may be NULL. *out has no user name where
 * nobody names one. Returns a sentence when they are of no use; else NULL. Everything is in the arena.
 */
const char *login_find(struct arena *a, const char *user, const char *password_file,
	const struct target_file *file, struct login *out);

/* The programs that we launch have no business with it. */
void login_hide(void);

#endif
