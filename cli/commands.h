#ifndef RIFT_CLI_COMMANDS_H
#define RIFT_CLI_COMMANDS_H

/* The subcommands. Each takes argv from its own name on and returns an exit code. */
int command_run(int argc, char **argv);
int command_sim(int argc, char **argv);
int command_check(int argc, char **argv);
int command_report(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_convert(int argc, char **argv);
int command_gate(int argc, char **argv);
int command_demo(int argc, char **argv);
int command_kv(int argc, char **argv);
int command_cluster(int argc, char **argv);
int command_node(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_bugs(int argc, char **argv);
int command_nemesis(int argc, char **argv);

#endif
