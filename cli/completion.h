/* The completion of command lines, in bash and in zsh: the scripts, which ask the program for words. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

/* What has to be read by the shell: the files in cli/completion/. */
extern const char completion_bash[], completion_zsh[];

#endif
