/* A client that is never what is slow: it sends and takes files over HTTP without looking at their bytes.

       courier tcp HOST PORT | unix PATH   up FILE SIZE TAIL < request
       courier ...                         down < request
       courier ...                         ask COUNT < request

   `up` sends the request but for its last TAIL bytes, SIZE bytes of FILE, and these; `down` sends it and forgets the
   answer's body; `ask` sends it so many times over one connection, each when the one before is answered, with the
   number of the request in place of each @@@@@@@@. Prints one line of JSON: the seconds from before connect(2) to the
   last byte of the answer, and the bytes of its body; of `ask` the seconds, and the median and the 99th percentile of
   a request's. An answer that is no 2xx is an error. */

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
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

static int connected(char **words) {
    int fd, done, yes = 1;
    if (!strcmp(words[0], "unix")) {
        struct sockaddr_un near = {.sun_family = AF_UNIX};
        strncpy(near.sun_path, words[1], sizeof near.sun_path - 1);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        done = connect(fd, (struct sockaddr *)&near, sizeof near);
    } else {
        struct sockaddr_in far = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[2]))};
        inet_pton(AF_INET, words[1], &far.sin_addr);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        done = connect(fd, (struct sockaddr *)&far, sizeof far);
    }
    if (fd < 0 || done < 0) fail("connect");
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

/* Take one answer and return the size of its body; what is not announced by a length ends with the connection. */
static unsigned long long take(int fd) {
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
    if (!strncmp(head + 8, " 204", 4)) return 0;
    said = strcasestr(head, "\r\ncontent-length:");
    unsigned long long all = said && said < end ? strtoull(said + 17, NULL, 10) : ~0ull, came = have - (end + 4 - head);
    while (came < all) {
        ssize_t got = recv(fd, block, BLOCK, 0);
        if (got < 0) fail("recv");
        if (!got && all == ~0ull) break;
        if (!got) { fprintf(stderr, "cut off\n"); exit(1); }
        came += (unsigned long long)got;
    }
    return came;
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

static int by_size(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static void ask(int fd, size_t size, int count) {
    static char numbered[MOST_REQUEST];
    double *times = calloc((size_t)count, sizeof *times), begun = now();
    for (int number = 0; number < count; number++) {
        char text[16];
        snprintf(text, sizeof text, "%08d", number);
        memcpy(numbered, request, size);
        char *end = numbered + size;
        for (char *at = numbered; (at = memmem(at, (size_t)(end - at), "@@@@@@@@", 8)); at += 8) memcpy(at, text, 8);
        double begin = now();
        send_all(fd, numbered, size);
        take(fd);
        times[number] = now() - begin;
    }
    double all = now() - begun;
    qsort(times, (size_t)count, sizeof *times, by_size);
    printf("{\"seconds\": %.9f, \"p50\": %.9f, \"p99\": %.9f}\n", all, times[count / 2], times[count * 99 / 100]);
    free(times);
}

int main(int count, char **words) {
    size_t size = 0;
    ssize_t got;
    int first = count > 1 && !strcmp(words[1], "tcp") ? 4 : 3;
    if (count <= first) return 2;
    while ((got = read(0, request + size, MOST_REQUEST - size)) > 0) size += (size_t)got;
    double begin = now();
    int fd = connected(words + 1);
    if (!strcmp(words[first], "ask") && count == first + 2) {
        ask(fd, size, atoi(words[first + 1]));
        return 0;
    }
    if (!strcmp(words[first], "up") && count == first + 4) {
        size_t tail = strtoull(words[first + 3], NULL, 10);
        up(fd, words[first + 1], strtoll(words[first + 2], NULL, 10), size - tail, tail);
    } else {
        send_all(fd, request, size);
    }
    unsigned long long came = take(fd);
    printf("{\"seconds\": %.9f, \"bytes\": %llu}\n", now() - begin, came);
    return 0;
}
