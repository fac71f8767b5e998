/* The shortest relay of a console: what comes by its standard input goes to all viewers, and waits for each of them.

       relay PATH VIEWERS

   It listens on a Unix socket, says `listening`, and lets so many WebSockets in without looking at what they say. Then each
   block that comes, up to the end of its last line, goes out as one message of text. It ends with its input, or when
   a viewer has gone. */

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BLOCK (128 << 10)
#define HEAD 10

static char room[HEAD + 2 * BLOCK];

static int admitted(int listener) {
    static const char ANSWER[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    char head[8192];
    size_t size = 0;
    int one = accept(listener, NULL, NULL);
    while (size < sizeof head && read(one, head + size, 1) == 1)
        if (++size >= 4 && !memcmp(head + size - 4, "\r\n\r\n", 4)) break;
    return write(one, ANSWER, sizeof ANSWER - 1) == sizeof ANSWER - 1 ? one : -1;
}

static int say(int to, const char *text, size_t size) {
    while (size) {
        ssize_t taken = write(to, text, size);
        if (taken < 0) return 0;
        text += taken;
        size -= (size_t)taken;
    }
    return 1;
}

int main(int count, char **words) {
    if (count != 3) return fprintf(stderr, "relay PATH VIEWERS\n"), 2;
    int viewers = atoi(words[2]), *all = calloc((size_t)viewers, sizeof *all);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", words[1]);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&name, sizeof name) < 0 || listen(listener, 128) < 0) return perror(words[1]), 1;
    signal(SIGPIPE, SIG_IGN);
    printf("listening\n");
    fflush(stdout);
    for (int i = 0; i < viewers; i++)
        if ((all[i] = admitted(listener)) < 0) return perror("a viewer"), 1;
    char *text = room + HEAD;
    size_t kept = 0;
    for (ssize_t got; (got = read(0, text + kept, BLOCK)) > 0;) {
        size_t size = kept + (size_t)got;
        char *last = memrchr(text, '\n', size);
        size_t whole = last ? (size_t)(last - text) : size;
        /* The head of a message of 64 KiB and more; a shorter one is as true in this form to who reads it. */
        room[0] = (char)0x81, room[1] = 127;
        for (int i = 0; i < 8; i++) room[2 + i] = (char)((uint64_t)whole >> (56 - 8 * i));
        for (int i = 0; i < viewers; i++)
            if (!say(all[i], room, HEAD + whole)) return 0;
        kept = last ? size - whole - 1 : 0;
        memmove(text, text + size - kept, kept);
    }
    return 0;
}
