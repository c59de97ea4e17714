/* The command agent. */
#ifndef CLIENT_AGENT_H
#define CLIENT_AGENT_H

int agent_main(int argc, char **argv); /* without the command's name; returns the exit code */

#endif
