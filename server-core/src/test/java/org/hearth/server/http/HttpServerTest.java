package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class HttpServerTest {
  private static TestServer server;

  @BeforeAll
  static void start() {
    server =
        new TestServer(
            routes ->
                routes
                    .add(
                        HttpMethod.GET,
                        "/hello/{name}",
                        Access.NONE,
                        RateClass.NONE,
                        request -> Response.field("hello", request.path("name")))
                    .add(
                        HttpMethod.POST,
                        "/echo",
                        Access.NONE,
                        RateClass.NONE,
                        request -> Response.json(request.json()))
                    .add(
                        HttpMethod.GET,
                        "/deep",
                        Access.NONE,
                        RateClass.NONE,
                        _ -> Response.json(JsonNodeFactory.instance.numberNode(depth(1))))
                    .add(
                        HttpMethod.GET,
                        "/long",
                        Access.NONE,
                        RateClass.NONE,
                        _ ->
                            Response.written(stream -> {
                              stream.json().array();
                              for (int i = 0; i < 100_000; i++) {
                                stream.json().value("ten bytes!");
                              }
                              stream.json().endArray();
                            })),
            new DiscoveryRoutes(DiscoveryRoutes.Whereabouts.unknown(), "1"));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @SuppressWarnings("InfiniteRecursion")
  private static int depth(int at) {
    return depth(at + 1) + 1;
  }

  @Test
  void answersWithWhatTheHandlerReturns() {
    var answer = server.client().get("/hello/a%2Fb").expect(200);

    assertThat(answer.text("hello")).isEqualTo("a/b");
    assertThat(answer.header("Content-Type")).hasValue("application/json");
  }

  @Test
  void echoesJson() {
    var answer = server.client().post("/echo", "{'a': [1, 'x', null]}").expect(200);

    assertThat(answer.json().toString()).isEqualTo("{\"a\":[1,\"x\",null]}");
  }

  @Test
  void tellsItsVersions() {
    var answer = server.client().get("/_matrix/client/versions").expect(200);

    assertThat(answer.at("/versions/0").asText()).isEqualTo("v1.1");
    // Without v1.5 clients of today say that the server is too old.
    assertThat(answer.at("/versions")).extracting(JsonNode::asText).contains("v1.5");
    assertThat(answer.at("/unstable_features/uk.tcpip.msc4133.stable").asBoolean()).isTrue();
  }

  @Test
  void survivesAStackOverflowInAHandler() {
    server.client().get("/deep").expect(500, "M_UNKNOWN");
    server.client().get("/hello/again").expect(200);
  }

  @Test
  void answersHeadWithoutABody() {
    try (RawClient raw = server.raw()) {
      assertThat(raw.request("HEAD", "/hello/x").head()).contains("Content-Length: 13");
      assertThat(raw.request("GET", "/hello/x").answer().body()).isEqualTo("{\"hello\":\"x\"}");
    }
  }

  @Test
  void tellsTheWholeLengthOfALongAnswerToHead() {
    int length = server.client().get("/long").expect(200).json().toString().length();

    try (RawClient raw = server.raw()) {
      assertThat(raw.request("HEAD", "/long").head()).contains("Content-Length: " + length);
      assertThat(raw.request("GET", "/hello/x").answer().body()).isEqualTo("{\"hello\":\"x\"}");
    }
  }
}
