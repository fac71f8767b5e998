/* The limit for transfers: the least that a server has to do to take a file, or to give one.

       depot PATH receive FILE SIZE     takes SIZE bytes behind the head of a request into a new FILE, and fsyncs it
       depot PATH give FILE             answers with FILE, which the kernel sends (sendfile)
       depot PATH copy FILE             answers with FILE, by read and write

   It serves the Unix socket PATH and a TCP port of 127.0.0.1, which it prints: one connection at a time, one request
   on each, in blocks of 256 KiB. Looks at nothing but the end of the head. Ends with its standard input. */

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BLOCK = 256 << 10 };

static char block[BLOCK + 1];

static void fail(const char *what) { perror(what); exit(1); }

static void write_all(int fd, const char *data, size_t size) {
    while (size) {
        ssize_t written = write(fd, data, size);
        if (written < 0) { perror("write"); return; }
        data += written;
        size -= written;
    }
}

/* Return how many bytes behind the head have come with it; they are at `*rest`. */
static size_t take_head(int peer, char **rest) {
    size_t have = 0;
    char *end = NULL;
    while (!end) {
        ssize_t got = recv(peer, block + have, BLOCK - have, 0);
        if (got <= 0) return 0;
        have += got;
        block[have] = 0;
        end = memmem(block, have, "\r\n\r\n", 4);
    }
    *rest = end + 4;
    return have - (end + 4 - block);
}

static void receive(int peer, const char *path, unsigned long long size) {
    char *rest = block;
    size_t came = take_head(peer, &rest);
    unlink(path);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0) fail(path);
    write_all(file, rest, came);
    size -= came;
    while (size) {
        ssize_t got = recv(peer, block, BLOCK, 0);
        if (got <= 0) break;
        write_all(file, block, got);
        size -= got;
    }
    if (fsync(file) < 0) fail("fsync");
    close(file);
    write_all(peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38);
}

static void give(int peer, const char *path, int copy) {
    struct stat info;
    char *rest, head[100];
    take_head(peer, &rest);
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &info) < 0) fail(path);
    off_t left = info.st_size;
    write_all(peer, head, sprintf(head, "HTTP/1.1 200 OK\r\nContent-Length: %lld\r\n\r\n", (long long)left));
    while (left) {
        ssize_t got = copy ? read(file, block, BLOCK) : sendfile(peer, file, NULL, left);
        if (got <= 0) break;
        if (copy) write_all(peer, block, got);
        left -= got;
    }
    close(file);
}

int main(int count, char **words) {
    struct sockaddr_un near = {.sun_family = AF_UNIX};
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof far;
    if (count < 4) return 2;
    signal(SIGPIPE, SIG_IGN);
    strncpy(near.sun_path, words[1], sizeof near.sun_path - 1);
    int one = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(one, (struct sockaddr *)&near, sizeof near) || bind(other, (struct sockaddr *)&far, length)) fail("bind");
    if (listen(one, 16) || listen(other, 16)) fail("listen");
    getsockname(other, (struct sockaddr *)&far, &length);
    printf("%d\n", ntohs(far.sin_port));
    fflush(stdout);
    struct pollfd watched[] = {{0, POLLIN, 0}, {one, POLLIN, 0}, {other, POLLIN, 0}};
    while (poll(watched, 3, -1) > 0 && !watched[0].revents) {
        int peer = accept(watched[1].revents ? one : other, NULL, NULL);
        if (peer < 0) fail("accept");
        if (!strcmp(words[2], "receive") && count == 5) receive(peer, words[3], strtoull(words[4], NULL, 10));
        else give(peer, words[3], !strcmp(words[2], "copy"));
        close(peer);
    }
    return 0;
}
