/* mqttspec-broker passwd: users of a password file. */
#ifndef BROKER_MAIN_PASSWD_H
#define BROKER_MAIN_PASSWD_H

/* The words after "mqttspec-broker", the first of them "passwd". Returns the exit code. */
int main_passwd(int argc, char **argv);

#endif
