/* The limit for small requests: answers each head that ends with one fixed answer, and does nothing else.

       answer PATH    serves the Unix socket PATH and a TCP port of 127.0.0.1, which it prints

   Ends with its standard input. */

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 31\r\n\r\n"
                             "{\"servers\":{\"s000\":1,\"s001\":1}}";

int main(int count, char **words) {
    int loop = epoll_create1(0), yes = 1;
    struct sockaddr_un near = {.sun_family = AF_UNIX};
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof far;
    if (count != 2) return 2;
    strncpy(near.sun_path, words[1], sizeof near.sun_path - 1);
    int one = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(one, (struct sockaddr *)&near, sizeof near) || bind(other, (struct sockaddr *)&far, length)) return 1;
    if (listen(one, 1024) || listen(other, 1024)) return 1;
    getsockname(other, (struct sockaddr *)&far, &length);
    printf("%d\n", ntohs(far.sin_port));
    fflush(stdout);
    int watched[] = {0, one, other};
    for (int at = 0; at < 3; at++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = watched[at]};
        epoll_ctl(loop, EPOLL_CTL_ADD, watched[at], &event);
    }
    struct epoll_event events[128];
    char room[1 << 16];
    for (;;) {
        int ready = epoll_wait(loop, events, 128, -1);
        for (int at = 0; at < ready; at++) {
            int from = events[at].data.fd;
            if (from == 0) {
                if (read(0, room, sizeof room) <= 0) return 0;
            } else if (from == one || from == other) {
                int guest = accept(from, NULL, NULL);
                setsockopt(guest, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                struct epoll_event event = {.events = EPOLLIN, .data.fd = guest};
                epoll_ctl(loop, EPOLL_CTL_ADD, guest, &event);
            } else {
                ssize_t got = read(from, room, sizeof room);
                if (got < 4) close(from);
                else if (!memcmp(room + got - 4, "\r\n\r\n", 4) &&
                         send(from, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) < 0) close(from);
            }
        }
    }
}
