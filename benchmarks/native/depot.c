/* How fast this machine can do it: the least that a server has to do to take a file, or to give one.
 *
 *   depot ADDRESS receive FILE SIZE       takes requests; each has SIZE bytes behind its head, which go into a new FILE
 *   depot ADDRESS send FILE sendfile|copy answers each request with FILE
 *
 * It looks at nothing but the end of a head. One connection at a time, one thread, blocks of 256 KiB. ADDRESS is a
 * port of 127.0.0.1 or the path of a Unix socket; prints a line when it listens, and runs until it is killed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
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

static int listening(const char *address) {
    int fd, done, one = 1;
    if (address[0] == '/') {
        struct sockaddr_un place = {.sun_family = AF_UNIX};
        strncpy(place.sun_path, address, sizeof place.sun_path - 1);
        unlink(address);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        done = bind(fd, (struct sockaddr *)&place, sizeof place);
    } else {
        struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(atoi(address))};
        place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        done = bind(fd, (struct sockaddr *)&place, sizeof place);
    }
    if (fd < 0 || done < 0 || listen(fd, 16) < 0) fail(address);
    return fd;
}

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

int main(int count, char **arguments) {
    if (count != 5) { fprintf(stderr, "usage: depot ADDRESS receive|send FILE SIZE|HOW\n"); return 2; }
    int door = listening(arguments[1]), takes = !strcmp(arguments[2], "receive");
    signal(SIGPIPE, SIG_IGN);
    puts("listening");
    fflush(stdout);
    for (;;) {
        int peer = accept(door, NULL, NULL);
        if (peer < 0) fail("accept");
        if (takes) receive(peer, arguments[3], strtoull(arguments[4], NULL, 10));
        else give(peer, arguments[3], !strcmp(arguments[4], "copy"));
        close(peer);
    }
}
