/* The program that is watched: it prints what it is told to, and measures itself.

   Orders come by its standard input, a line each:

       flood LINES SIZE [WRITE [plain|stamped|coloured]]
                              that many lines of SIZE bytes, as fast as they are taken; 0 lines: until `stop`. By so
                              many bytes at a time: 64 KiB, or what one asks for; programs that print by stdio write
                              4096. A line of each write can be stamped with its time, as with `pace`, and words of
                              each line can have colours (SGR).
       pace PER_SECOND LINES  lines of 200 bytes at a rate; each begins with `t NANOSECONDS`, the monotonic clock
       echo WORD              `echo WORD`, also in the midst of a flood
       stop                   ends a flood without an end
       exit CODE

   After each flood it prints `flooded`, and the file `speed` in its folder has the bytes per second. */

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK (64 << 10)

static char heard[1 << 16];
static size_t length;

static uint64_t now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
}

static void say(const char *text, size_t size) {
    while (size) {
        ssize_t taken = write(1, text, size);
        if (taken < 0) exit(1);
        text += taken;
        size -= (size_t)taken;
    }
}

/* Returns the next order; NULL if none has come and it must not wait. Ends with the standard input. */
static char *order(int wait) {
    static char line[1 << 12];
    for (;;) {
        char *end = memchr(heard, '\n', length);
        if (end) {
            size_t size = (size_t)(end - heard);
            snprintf(line, sizeof line, "%.*s", (int)size, heard);
            memmove(heard, end + 1, length -= size + 1);
            return line;
        }
        struct pollfd input = {.fd = 0, .events = POLLIN};
        if (poll(&input, 1, wait ? -1 : 0) == 0) return NULL;
        ssize_t got = read(0, heard + length, sizeof heard - length);
        if (got <= 0) exit(0);
        length += (size_t)got;
    }
}

static void tell_speed(double speed) {
    FILE *file = fopen("speed.new", "w");
    if (!file) return;
    fprintf(file, "%.0f\n", speed);
    fclose(file);
    rename("speed.new", "speed");
}

static void flood(uint64_t lines, size_t size, size_t at_once, const char *manner) {
    static const char WORDS[] = "the server saved the world and nobody noticed, as it should be; ";
    if (size < 2 || size > BLOCK) return;
    int stamped = !strcmp(manner, "stamped") && size >= 64, coloured = !strcmp(manner, "coloured");
    size_t each = (at_once && at_once < BLOCK ? at_once : BLOCK) / size;
    if (!each) each = 1;
    char *block = malloc(each * size);
    for (size_t at = 0; at < each * size; at++) block[at] = WORDS[at % (sizeof WORDS - 1)];
    for (size_t at = 1; at <= each; at++) {
        char number[8];
        snprintf(number, sizeof number, "%06zu", at % 1000000);
        char *line = block + (at - 1) * size;
        if (size > 8) memcpy(line, number, 6);
        for (size_t word = 8; coloured && word + 20 < size; word += 20) {
            memcpy(line + word, "\033[32m", 5);
            memcpy(line + word + 10, "\033[0m", 4);
        }
        block[at * size - 1] = '\n';
    }
    uint64_t begun = now(), written = 0;
    char *heard_now;
    for (uint64_t rest = lines; !lines || rest; rest -= lines ? (rest < each ? rest : each) : 0) {
        size_t part = lines && rest < each ? (size_t)rest : each;
        if (stamped) block[snprintf(block, 40, "t %llu", (unsigned long long)now())] = ' ';
        say(block, part * size);
        written += part * size;
        if (!lines && (heard_now = order(0))) {
            if (!strcmp(heard_now, "stop")) break;
            if (!strncmp(heard_now, "echo ", 5)) dprintf(1, "%s\n", heard_now);
        }
    }
    tell_speed((double)written / ((double)(now() - begun) / 1e9));
    free(block);
    say("flooded\n", 8);
}

static void pace(double rate, long lines) {
    uint64_t at = now();
    char line[201];
    for (long number = 0; number < lines; number++) {
        at += (uint64_t)(1e9 / rate);
        struct timespec then = {(time_t)(at / 1000000000), (long)(at % 1000000000)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL);
        int size = snprintf(line, sizeof line, "t %llu %ld ", (unsigned long long)now(), number);
        memset(line + size, '.', 199 - (size_t)size);
        line[199] = '\n';
        say(line, 200);
    }
    say("paced\n", 6);
}

int main(void) {
    for (;;) {
        unsigned long long first = 0, second = 0, third = 0;
        char *line = order(1), manner[16] = "plain";
        if (sscanf(line, "flood %llu %llu %llu %15s", &first, &second, &third, manner) >= 2)
            flood(first, (size_t)second, (size_t)third, manner);
        else if (sscanf(line, "pace %llu %llu", &first, &second) == 2) pace((double)first, (long)second);
        else if (!strncmp(line, "echo ", 5)) dprintf(1, "%s\n", line);
        else if (sscanf(line, "exit %llu", &first) == 1) return (int)first;
    }
}
