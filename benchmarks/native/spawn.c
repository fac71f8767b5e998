/* spawn COUNT: starts so many programs that sleep, each with two pipes and in a session of its own, as soon as
   posix_spawn(3) can, and tells how long that took. It ends them before it ends. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

int main(int count, char **words) {
    int wanted = count > 1 ? atoi(words[1]) : 1, started = 0, failed = 0;
    pid_t *pids = calloc(wanted, sizeof *pids);
    char *command[] = {"/bin/sleep", "100000", NULL};
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    posix_spawnattr_t how;
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID);
    double begun = now();
    for (; started < wanted && !failed; started++) {
        int in[2], out[2];
        posix_spawn_file_actions_t ends;
        if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) {
            perror("pipe2");
            failed = 1;
            break;
        }
        posix_spawn_file_actions_init(&ends);
        posix_spawn_file_actions_adddup2(&ends, in[0], 0);
        posix_spawn_file_actions_adddup2(&ends, out[1], 1);
        posix_spawn_file_actions_adddup2(&ends, out[1], 2);
        if (posix_spawn(&pids[started], command[0], &ends, &how, command, environ)) {
            perror("posix_spawn");
            failed = 1;
            break;
        }
        posix_spawn_file_actions_destroy(&ends);
        close(in[0]);
        close(out[1]);
    }
    double took = now() - begun;
    for (int one = 0; one < started; one++) kill(pids[one], SIGKILL);
    for (int one = 0; one < started; one++) waitpid(pids[one], NULL, 0);
    printf("{\"seconds\": %.6f}\n", took);
    return failed;
}
