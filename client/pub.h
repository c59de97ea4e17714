/* The command pub. */
#ifndef CLIENT_PUB_H
#define CLIENT_PUB_H

int pub_main(int argc, char **argv); /* without the command's name; returns the exit code */

#endif
