/* The command sub. */
#ifndef CLIENT_SUB_H
#define CLIENT_SUB_H

int sub_main(int argc, char **argv); /* without the command's name; returns the exit code */

#endif
