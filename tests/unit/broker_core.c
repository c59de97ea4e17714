#include "tests/unit/broker_rig.h"
#include <stdio.h>
static void t(void **s){struct rig*r=*s;
 struct client*c=join_with(r,"a",true,"");printf("%s\n",hear(c));
 struct client*d=join_311(r,"b",true);printf("%s\n",hear(d));
 say(c,"82 r m1 p{0B v5} s\"x/+\" 01 s\"x/y\" 02"); printf("%s\n",hear(c));
 say(d,"82 r m2 s\"#\" 02"); printf("%s\n",hear(d));
 say(c,"34 r s\"x/y\" m7 p{02 w60 26 s\"k\" s\"v\"} b\"hello\"");printf("%s\n",hear(c));printf("%s\n",hear(c));printf("%s\n",hear(c));
 printf("%s\n",hear(d));printf("%s\n",hear(d));
 say(c,"62 r m7"); printf("%s\n",hear(c));
 say(c,"E0 r 82"); printf("%s\n",hear(c));
 say(d,"E0 r 82"); printf("%s\n",hear(d));
}
int main(void){const struct CMUnitTest tests[]={cmocka_unit_test_setup_teardown(t,rig_set_up,rig_tear_down)};return cmocka_run_group_tests(tests,0,0);}
