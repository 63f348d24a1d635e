package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Which request targets lead where, sent byte by byte as written here.
class RoutingTest {
  private static final String STATE = "/_matrix/client/v3/rooms/{roomId}/state";
  private static TestServer server;

  @BeforeAll
  static void start() {
    server =
        new TestServer(routes -> {
          open(routes, HttpMethod.GET, "/_matrix/client/versions");
          open(routes, HttpMethod.GET, STATE);
          open(routes, HttpMethod.GET, STATE + "/{eventType}");
          open(routes, HttpMethod.GET, STATE + "/{eventType}/{stateKey?}");
          open(routes, HttpMethod.PUT, STATE + "/{eventType}/{stateKey?}");
          open(routes, HttpMethod.GET, "/_matrix/client/v3/rooms/{roomId}/event/{eventId}");
          open(routes, HttpMethod.GET, "/_matrix/client/v3/directory/room/{roomAlias}");
          open(routes, HttpMethod.GET, "/_matrix/client/v3/profile/{userId}");
          open(routes, HttpMethod.GET, "/_matrix/client/v3/profile/me/special");
          open(routes, HttpMethod.DELETE, "/_matrix/client/v3/devices/{deviceId}");
          open(routes, HttpMethod.GET, "/_matrix/client/v3/devices");
        });
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /// A route that tells what it was called with.
  private static void open(Routes routes, HttpMethod method, String template) {
    routes.add(
        method,
        template,
        Access.NONE,
        RateClass.NONE,
        request -> {
          ObjectNode told = JsonNodeFactory.instance.objectNode();
          told.put("template", request.template());
          for (String name :
              List.of("roomId", "eventType", "stateKey", "eventId", "roomAlias", "userId")) {
            if (request.template().contains("{" + name)) {
              told.put(name, request.path(name));
            }
          }
          request.query("q").ifPresent(value -> told.put("q", value));
          return Response.json(told);
        });
  }

  record Case(String method, String target, int status, String expected) {
    @Override
    public String toString() {
      return method + " " + target + " -> " + status + " " + expected;
    }
  }

  private static Case found(String target, String expected) {
    return new Case("GET", target, 200, expected);
  }

  private static Case refused(String target, int status, String errcode) {
    return new Case("GET", target, status, errcode);
  }

  static List<Case> targets() {
    String rooms = "/_matrix/client/v3/rooms/";
    return List.of(
        found("/_matrix/client/versions", "\"/_matrix/client/versions\""),
        found("/_matrix/client/versions?q=1", "\"q\":\"1\""),
        found("/_matrix/client/versions?", "versions"),
        found("/_matrix/client/versions?q=a%20b+c", "\"q\":\"a b c\""),
        found("/_matrix/client/versions?q=%7B%0A%7D", "\"q\":\"{\\n}\""),
        found("/_matrix/client/versions?q", "\"q\":\"\""),
        found("/_matrix/client/versions?q={\"a\":[1]}", "\"q\":\"{\\\"a\\\":[1]}\""),
        // An encoded slash is part of a parameter, decoded once.
        found(rooms + "!a:b/state/m.x/a%2Fb", "\"stateKey\":\"a/b\""),
        found(rooms + "!a:b/state/m.x/a%252Fb", "\"stateKey\":\"a%2Fb\""),
        found(rooms + "!a%3Ab/state", "\"roomId\":\"!a:b\""),
        found(rooms + "%21a%3ab/state/m.x", "\"roomId\":\"!a:b\""),
        found(rooms + "!a:b/event/$ab+%2Fcd%3D", "\"eventId\":\"$ab+/cd=\""),
        found("/_matrix/client/v3/directory/room/%23caf%C3%A9%3Ab", "\"roomAlias\":\"#café:b\""),
        found("/_matrix/client/v3/profile/@a;x=1:b", "\"userId\":\"@a;x=1:b\""),
        found("/_matrix/client/v3/profile/@a+b:c", "\"userId\":\"@a+b:c\""),
        found(rooms + "!a:b/state/m.x/@u:s", "\"stateKey\":\"@u:s\""),
        found(rooms + "!a:b/state/m.x/...", "\"stateKey\":\"...\""),
        // The empty state key, and only that, may be empty.
        found(rooms + "!a:b/state/m.x/", "\"stateKey\":\"\""),
        refused(rooms + "!a:b/state//", 404, "M_UNRECOGNIZED"),
        refused(rooms + "!a:b/state/", 404, "M_UNRECOGNIZED"),
        refused(rooms + "/state", 404, "M_UNRECOGNIZED"),
        refused("/_matrix/client/v3/profile/", 404, "M_UNRECOGNIZED"),
        refused("/_matrix/client/v3/devices/", 404, "M_UNRECOGNIZED"),
        // A literal goes before a parameter, and a dead end goes back.
        found("/_matrix/client/v3/profile/me", "\"userId\":\"me\""),
        found("/_matrix/client/v3/profile/me/special", "me/special"),
        refused("/_matrix/client/v3/profile/you/special", 404, "M_UNRECOGNIZED"),
        // What other servers or Helidon itself would normalise.
        refused("/_matrix/client/versions/", 404, "M_UNRECOGNIZED"),
        refused("//_matrix/client/versions", 404, "M_UNRECOGNIZED"),
        refused("/_matrix//client/versions", 404, "M_UNRECOGNIZED"),
        refused("/_matrix/./client/versions", 404, "M_UNRECOGNIZED"),
        refused("/_matrix/x/../client/versions", 404, "M_UNRECOGNIZED"),
        refused("/_matrix/client/versions/.", 404, "M_UNRECOGNIZED"),
        refused("/_matrix/client/versions;x=1", 404, "M_UNRECOGNIZED"),
        refused("/_matrix;x/client/versions", 404, "M_UNRECOGNIZED"),
        refused("/_matrix/client/versions%20", 404, "M_UNRECOGNIZED"),
        refused("/_matrix/c%6cient/versions", 404, "M_UNRECOGNIZED"),
        refused("/_matrix%2Fclient/versions", 404, "M_UNRECOGNIZED"),
        refused("/_MATRIX/client/versions", 404, "M_UNRECOGNIZED"),
        refused("/_matrix/client/versions/x", 404, "M_UNRECOGNIZED"),
        refused("/x/_matrix/client/versions", 404, "M_UNRECOGNIZED"),
        refused("/_matrix/client", 404, "M_UNRECOGNIZED"),
        refused("/", 404, "M_UNRECOGNIZED"),
        refused("*", 404, "M_UNRECOGNIZED"),
        refused("_matrix/client/versions", 404, "M_UNRECOGNIZED"),
        refused("/_matrix/client/v3/profile/.", 404, "M_UNRECOGNIZED"),
        refused("/_matrix/client/v3/profile/..", 404, "M_UNRECOGNIZED"),
        refused(rooms + "!a:b/../!c:d/state", 404, "M_UNRECOGNIZED"),
        // Malformed in themselves.
        refused("/_matrix/client/v3/profile/%00", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/v3/profile/a%0Ab", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/v3/profile/a%7F", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/v3/profile/a%C2%85", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/v3/profile/%", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/v3/profile/%4", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/v3/profile/%zz", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/v3/profile/%ff", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/v3/profile/%C0%AF", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/v3/profile/%ED%A0%80", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/v3/profile/\u00e9", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/v3/profile/a\u0001b", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/versions#x", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/versions?q=%00", 400, "M_INVALID_PARAM"),
        refused("/_matrix/client/versions?q=%ff", 400, "M_INVALID_PARAM"),
        // The path is there, the method is not.
        new Case("POST", "/_matrix/client/versions", 405, "M_UNRECOGNIZED"),
        new Case("PATCH", "/_matrix/client/versions", 405, "M_UNRECOGNIZED"),
        new Case("TRACE", "/_matrix/client/versions", 405, "M_UNRECOGNIZED"),
        new Case("DELETE", rooms + "!a:b/state/m.x/k", 405, "M_UNRECOGNIZED"),
        new Case("PATCH", "/nothing", 404, "M_UNRECOGNIZED"),
        new Case("PUT", rooms + "!a:b/state/m.x/", 200, "\"stateKey\":\"\""));
  }

  @ParameterizedTest
  @MethodSource("targets")
  void leadsWhereItShould(Case each) {
    try (RawClient raw = server.raw()) {
      var answer = raw.request(each.method(), each.target()).answer();

      assertThat(answer.status()).as(answer.body()).isEqualTo(each.status());
      assertThat(answer.body()).contains(each.expected());
    }
  }

  @Test
  void tellsWhichMethodsThereAre() {
    try (RawClient raw = server.raw()) {
      var answer = raw.request("POST", "/_matrix/client/v3/rooms/!a:b/state/m.x/k").answer();

      assertThat(answer.header("Allow")).isEqualTo("GET, PUT, OPTIONS");
    }
  }

  @Test
  void refusesToRegisterTheSameRouteTwice() {
    Router router = new Router();
    router.add(HttpMethod.GET, "/a/{b}", Access.NONE, RateClass.NONE, _ -> Response.empty());

    assertThatThrownBy(() ->
            router.add(
                HttpMethod.GET, "/a/{c}", Access.NONE, RateClass.NONE, _ -> Response.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("GET /a/{c} is registered twice");
  }

  @ParameterizedTest
  @MethodSource("malformedTemplates")
  void refusesMalformedTemplates(String template) {
    assertThatThrownBy(() ->
            new Router()
                .add(HttpMethod.GET, template, Access.NONE, RateClass.NONE, _ -> Response.empty()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  static List<String> malformedTemplates() {
    return List.of("a", "/{", "/}", "/{}", "/{a}/{a}", "/{a?}/b", "/x{a}", "/{a b}", "/%2F");
  }
}
