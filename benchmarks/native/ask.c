/* ask PATH: asks a server at a Unix socket for its servers, once, and prints the answer. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int count, char **words) {
    char got[65536];
    ssize_t length;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *asked = "GET /servers?details=true HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (count < 2) return 2;
    strncpy(at.sun_path, words[1], sizeof at.sun_path - 1);
    int one = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(one, (struct sockaddr *)&at, sizeof at)) return 1;
    if (write(one, asked, strlen(asked)) < 0) return 1;
    while ((length = read(one, got, sizeof got)) > 0) fwrite(got, 1, length, stdout);
    return 0;
}
