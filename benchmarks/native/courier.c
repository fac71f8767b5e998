/* A client that is never what is slow: it sends and takes files over HTTP without looking at their bytes.
 *
 *   courier ADDRESS up FILE SIZE TAIL   sends a head, SIZE bytes of FILE, the last TAIL bytes of stdin; waits for the answer
 *   courier ADDRESS down                sends a request, takes the answer and forgets it
 *   courier ADDRESS ask COUNT           sends a request so many times over one connection, each after the answer
 *
 * ADDRESS is HOST:PORT (an IPv4 address) or the path of a Unix socket. The request comes by stdin: so no token
 * stands in the table of processes. In what `ask` sends, each @@@@@@@@ becomes the number of the request.
 * Prints the seconds from before connect(2) to the last byte of the answer; `ask` prints those of each request,
 * without the connecting. An answer that is no 2xx goes to stderr, and the exit code is 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 256 << 10, MOST_HEAD = 16 << 10, MOST_REQUEST = 1 << 20 };

static char block[BLOCK], request[MOST_REQUEST];

static void fail(const char *what) { perror(what); exit(1); }

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static int connected(const char *address) {
    const char *colon = strrchr(address, ':');
    int fd, done;
    if (address[0] == '/') {
        struct sockaddr_un place = {.sun_family = AF_UNIX};
        strncpy(place.sun_path, address, sizeof place.sun_path - 1);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        done = connect(fd, (struct sockaddr *)&place, sizeof place);
    } else {
        struct sockaddr_in place = {.sin_family = AF_INET};
        char host[64] = "";
        int one = 1;
        if (!colon || colon - address >= (long)sizeof host) { fprintf(stderr, "no address: %s\n", address); exit(2); }
        memcpy(host, address, colon - address);
        place.sin_port = htons(atoi(colon + 1));
        if (inet_pton(AF_INET, host, &place.sin_addr) != 1) { fprintf(stderr, "no IPv4: %s\n", host); exit(2); }
        fd = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        done = connect(fd, (struct sockaddr *)&place, sizeof place);
    }
    if (fd < 0 || done < 0) fail(address);
    return fd;
}

static void send_all(int fd, const char *data, size_t size) {
    while (size) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent < 0) fail("send");
        data += sent;
        size -= sent;
    }
}

/* Take one answer; what is not announced by a length ends with the connection. */
static void take(int fd) {
    static char head[MOST_HEAD + 1];
    size_t have = 0;
    char *end = NULL, *said;
    while (!end) {
        ssize_t got = recv(fd, head + have, MOST_HEAD - have, 0);
        if (got <= 0) { fprintf(stderr, "no answer\n"); exit(1); }
        have += got;
        head[have] = 0;
        end = strstr(head, "\r\n\r\n");
    }
    if (strncmp(head, "HTTP/1.1 2", 10)) { fprintf(stderr, "%s\n", head); exit(1); }
    said = strcasestr(head, "\r\ncontent-length:");
    unsigned long long left = said && said < end ? strtoull(said + 17, NULL, 10) : ~0ull;
    size_t came = have - (end + 4 - head);
    if (!strncmp(head + 8, " 204", 4)) return;
    left -= left == ~0ull ? 0 : came;
    while (left) {
        ssize_t got = recv(fd, block, left < BLOCK ? left : BLOCK, 0);
        if (got < 0) fail("recv");
        if (!got && left > ~0ull >> 1) return;
        if (!got) { fprintf(stderr, "cut off\n"); exit(1); }
        left -= left > ~0ull >> 1 ? 0 : got;
    }
}

static void up(int fd, const char *path, off_t size, size_t head, size_t tail) {
    int file = open(path, O_RDONLY);
    if (file < 0) fail(path);
    send_all(fd, request, head);
    while (size) {
        ssize_t sent = sendfile(fd, file, NULL, size < 8 << 20 ? size : 8 << 20);
        if (sent <= 0) fail("sendfile");
        size -= sent;
    }
    send_all(fd, request + head, tail);
    close(file);
}

static void ask(int fd, size_t size, int count) {
    static char numbered[MOST_REQUEST];
    for (int number = 0; number < count; number++) {
        char text[16];
        snprintf(text, sizeof text, "%08d", number);
        memcpy(numbered, request, size);
        for (char *at = numbered; (at = memmem(at, numbered + size - at, "@@@@@@@@", 8)); at += 8) memcpy(at, text, 8);
        double begin = now();
        send_all(fd, numbered, size);
        take(fd);
        printf("%.6f\n", now() - begin);
    }
}

int main(int count, char **arguments) {
    size_t size = 0;
    ssize_t got;
    if (count < 3) { fprintf(stderr, "usage: courier ADDRESS up|down|ask ...\n"); return 2; }
    while ((got = read(0, request + size, MOST_REQUEST - size)) > 0) size += got;
    double begin = now();
    int fd = connected(arguments[1]);
    if (!strcmp(arguments[2], "ask") && count == 4) {
        ask(fd, size, atoi(arguments[3]));
        return 0;
    }
    if (!strcmp(arguments[2], "up") && count == 6) {
        size_t tail = strtoull(arguments[5], NULL, 10);
        up(fd, arguments[3], strtoll(arguments[4], NULL, 10), size - tail, tail);
    } else {
        send_all(fd, request, size);
    }
    take(fd);
    printf("%.6f\n", now() - begin);
    return 0;
}
