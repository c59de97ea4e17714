/* mqttspec-broker --dump and --recover: a store that is looked at, or saved. */
#ifndef BROKER_MAIN_STORE_H
#define BROKER_MAIN_STORE_H

/* Both return the exit code. */
int main_dump(const char *folder);
int main_recover(const char *folder);

#endif
