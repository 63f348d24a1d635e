package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Requests that two readers could understand in two ways: refused, and the connection closed, so
/// that what follows is never taken for a request of its own.
class SmugglingTest {
  private static TestServer server;

  @BeforeAll
  static void start() {
    server =
        new TestServer(routes ->
            routes.add(
                HttpMethod.POST,
                "/echo",
                Access.NONE,
                RateClass.NONE,
                request -> Response.field("bytes", Integer.toString(request.body().length))));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  record Ambiguous(String what, String headers, String body) {
    @Override
    public String toString() {
      return what;
    }
  }

  static List<Ambiguous> ambiguousRequests() {
    String host = "Host: localhost\r\n";
    return List.of(
        new Ambiguous(
            "length and chunks",
            host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "0\r\n\r\n"),
        new Ambiguous("two lengths", host + "Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"),
        new Ambiguous("two lengths in one", host + "Content-Length: 3, 4\r\n", "abcd"),
        new Ambiguous("space before the colon", host + "Content-Length : 3\r\n", "abc"),
        new Ambiguous("signed length", host + "Content-Length: +3\r\n", "abc"),
        new Ambiguous("negative length", host + "Content-Length: -3\r\n", "abc"),
        new Ambiguous("hexadecimal length", host + "Content-Length: 0x3\r\n", "abc"),
        new Ambiguous(
            "length beyond a long", host + "Content-Length: 99999999999999999999\r\n", "abc"),
        new Ambiguous("unknown encoding", host + "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        new Ambiguous(
            "chunked is not last", host + "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
        new Ambiguous("bare line feed", host + "X: 1\nContent-Length: 3\r\n", "abc"),
        new Ambiguous("folded header", host + "X: 1\r\n Content-Length: 3\r\n", "abc"),
        new Ambiguous("no host", "Content-Length: 3\r\n", "abc"),
        new Ambiguous("two hosts", host + "Host: other\r\nContent-Length: 3\r\n", "abc"),
        new Ambiguous(
            "negative chunk", host + "Transfer-Encoding: chunked\r\n", "-1\r\nx\r\n0\r\n\r\n"),
        new Ambiguous(
            "chunk size that is none", host + "Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n"),
        new Ambiguous("huge chunk", host + "Transfer-Encoding: chunked\r\n", "7fffffff\r\nabc\r\n"),
        new Ambiguous(
            "chunk beyond an int", host + "Transfer-Encoding: chunked\r\n", "fffffffff\r\nabc"),
        new Ambiguous(
            "chunk without an end", host + "Transfer-Encoding: chunked\r\n", "1\r\naXX0\r\n\r\n"),
        new Ambiguous(
            "chunk with half an end",
            host + "Transfer-Encoding: chunked\r\n",
            "1\r\na\n\n0\r\n\r\n"),
        new Ambiguous(
            "chunk size with a bare line feed",
            host + "Transfer-Encoding: chunked\r\n",
            "1\na\r\n0\r\n\r\n"),
        new Ambiguous(
            "signed chunk size", host + "Transfer-Encoding: chunked\r\n", "+1\r\na\r\n0\r\n\r\n"),
        new Ambiguous(
            "chunk size without an end", host + "Transfer-Encoding: chunked\r\n", "0".repeat(1000)),
        new Ambiguous(
            "bad end of chunks", host + "Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\nX\r\n"),
        new Ambiguous(
            "compressed", host + "Content-Encoding: gzip\r\nContent-Length: 3\r\n", "abc"));
  }

  @ParameterizedTest
  @MethodSource("ambiguousRequests")
  void refusesAndCloses(Ambiguous each) {
    try (RawClient raw = server.raw()) {
      raw.send("POST /echo HTTP/1.1\r\n" + each.headers() + "\r\n" + each.body());
      raw.send("GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n");

      var answer = raw.answer();

      assertThat(answer.status()).as(answer.toString()).isBetween(400, 501);
      assertThat(answer.status()).isNotEqualTo(500);
      assertThat(answer.body()).contains("errcode");
      assertThat(answer.header("Connection")).isEqualToIgnoringCase("close");
      assertThat(raw.isClosed()).isTrue();
    }
  }

  @Test
  void answersPipelinedRequestsInOrder() {
    try (RawClient raw = server.raw()) {
      raw.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
      raw.send(
          "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n");
      raw.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz");

      assertThat(raw.answer().body()).contains("\"1\"");
      assertThat(raw.answer().body()).contains("\"2\"");
      assertThat(raw.answer().body()).contains("\"3\"");
    }
  }

  @Test
  void refusesOldVersionsOfHttp() {
    try (RawClient raw = server.raw()) {
      assertThat(raw.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n").answer().status()).isIn(0, 505);
    }
  }
}
