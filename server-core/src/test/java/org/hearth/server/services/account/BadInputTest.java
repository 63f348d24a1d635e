package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.services.account.ServicesExtension.PASSWORD;
import static org.hearth.server.services.account.ServicesExtension.user;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/// What clients may get wrong at the endpoints of accounts, profiles and account data, each with
/// the specification's error code; and that nothing of it leaves a trace.
class BadInputTest {
  private static final String V3 = "/_matrix/client/v3";
  private static final String ALICE = V3 + "/user/@alice:hearth.test";
  private static final String PROFILE = V3 + "/profile/@alice:hearth.test";
  private static final String ROOM = ALICE + "/rooms/!room:hearth.test";

  /// Every request whose body is an object of JSON, as a user would send it.
  private static final List<Call> WITH_BODY =
      List.of(
          new Call("POST", V3 + "/register", false),
          new Call("POST", V3 + "/login", false),
          new Call("POST", V3 + "/refresh", false),
          new Call("POST", V3 + "/delete_devices", true),
          new Call("PUT", V3 + "/devices/PHONE", true),
          new Call("POST", V3 + "/account/password", true),
          new Call("POST", V3 + "/account/deactivate", true),
          new Call("PUT", PROFILE + "/displayname", true),
          new Call("PUT", ALICE + "/account_data/org.test", true),
          new Call("PUT", ROOM + "/account_data/org.test", true),
          new Call("PUT", ROOM + "/tags/u.test", true));

  /// Bodies that are not an object of JSON, with what is said to each.
  private static final List<Body> BODIES =
      List.of(
          Body.of("no JSON", "nonsense", 400, "M_NOT_JSON"),
          Body.of("half an object", "{\"type\":", 400, "M_NOT_JSON"),
          Body.of("two values", "{} {}", 400, "M_NOT_JSON"),
          Body.of("a list", "[]", 400, "M_BAD_JSON"),
          Body.of("a text", "\"text\"", 400, "M_BAD_JSON"),
          Body.of("null", "null", 400, "M_BAD_JSON"),
          Body.of("a number that is none", "{\"n\": NaN}", 400, "M_NOT_JSON"),
          new Body(
              "invalid UTF-8",
              new byte[] {'{', '"', 'a', '"', ':', '"', (byte) 0xff, '"', '}'},
              400,
              "M_NOT_JSON"),
          Body.of(
              "200 levels", "{\"a\":" + "[".repeat(200) + "]".repeat(200) + "}", 400, "M_BAD_JSON"),
          Body.of("2 MiB", "{\"a\":\"" + "x".repeat(2 << 20) + "\"}", 413, "M_TOO_LARGE"));

  private record Call(String method, String path, boolean loggedIn) {}

  private record Body(String name, List<Byte> bytes, int status, String errcode) {
    Body(String name, byte[] bytes, int status, String errcode) {
      this(name, boxed(bytes), status, errcode);
    }

    static Body of(String name, String text, int status, String errcode) {
      return new Body(name, text.getBytes(StandardCharsets.UTF_8), status, errcode);
    }

    private static List<Byte> boxed(byte[] bytes) {
      List<Byte> list = new ArrayList<>(bytes.length);
      for (byte each : bytes) {
        list.add(each);
      }
      return list;
    }

    byte[] raw() {
      byte[] raw = new byte[bytes.size()];
      for (int i = 0; i < raw.length; i++) {
        raw[i] = bytes.get(i);
      }
      return raw;
    }
  }

  /// One request and what is said to it.
  private record Row(String method, String path, String body, int status, String errcode) {}

  private static final List<Row> ROWS =
      List.of(
          new Row("POST", V3 + "/login", "{'type': null}", 400, "M_MISSING_PARAM"),
          new Row("POST", V3 + "/login", "{'type': 'm.login.sso', 'token': 'x'}", 400, "M_UNKNOWN"),
          new Row(
              "POST", V3 + "/login", "{'type': 'm.login.token', 'token': 'x'}", 403, "M_FORBIDDEN"),
          new Row(
              "POST",
              V3 + "/login",
              "{'type': 'm.login.password', 'user': 'alice', 'password': 5}",
              400,
              "M_BAD_JSON"),
          new Row(
              "POST",
              V3 + "/login",
              "{'type': 'm.login.password', 'user': ['alice'], 'password': 'x'}",
              400,
              "M_BAD_JSON"),
          new Row(
              "POST",
              V3 + "/login",
              "{'type': 'm.login.password', 'user': 'alice', 'password': 'x', 'refresh_token':"
                  + " 'yes'}",
              400,
              "M_BAD_JSON"),
          new Row(
              "POST",
              V3 + "/login",
              "{'type': 'm.login.password', 'user': 'alice', 'password': 'x', 'device_id':"
                  + " 'a\\u0000b'}",
              400,
              "M_INVALID_PARAM"),
          new Row(
              "POST",
              V3 + "/login",
              "{'type': 'm.login.password', 'identifier': {'type': 'm.id.thirdparty', 'medium':"
                  + " 'email'}, 'password': 'x'}",
              400,
              "M_MISSING_PARAM"),
          new Row(
              "POST",
              V3 + "/login",
              "{'type': 'm.login.password', 'identifier': {'type': 'm.id.user'}, 'password': 'x'}",
              400,
              "M_MISSING_PARAM"),
          new Row(
              "POST",
              V3 + "/login",
              "{'type': 'm.login.password', 'user': '@"
                  + "a".repeat(300)
                  + ":hearth.test', 'password': 'x'}",
              403,
              "M_FORBIDDEN"),
          new Row("POST", V3 + "/refresh", "{'refresh_token': 1}", 400, "M_BAD_JSON"),
          new Row("POST", V3 + "/refresh", "{'refresh_token': ''}", 401, "M_UNKNOWN_TOKEN"),
          new Row(
              "POST",
              V3 + "/refresh",
              "{'refresh_token': '" + "x".repeat(5000) + "'}",
              401,
              "M_UNKNOWN_TOKEN"),
          new Row("POST", V3 + "/register", "{'username': {}}", 400, "M_BAD_JSON"),
          new Row("POST", V3 + "/register", "{'password': 12345678}", 400, "M_BAD_JSON"),
          new Row("POST", V3 + "/register", "{'device_id': ''}", 400, "M_INVALID_PARAM"),
          new Row(
              "POST",
              V3 + "/register",
              "{'initial_device_display_name': '" + "n".repeat(101) + "'}",
              400,
              "M_TOO_LARGE"),
          new Row("POST", V3 + "/register", "{'auth': 'dummy'}", 400, "M_BAD_JSON"),
          new Row("POST", V3 + "/register", "{'auth': {'type': 1}}", 400, "M_BAD_JSON"),
          new Row("POST", V3 + "/register", "{'auth': {'session': 1}}", 400, "M_BAD_JSON"),
          new Row("POST", V3 + "/register", "{'auth': {'session': 'unknown'}}", 401, "M_UNKNOWN"),
          new Row(
              "POST",
              V3 + "/register",
              "{'auth': {'type': 'm.login.password', 'user': 'alice', 'password': '"
                  + PASSWORD
                  + "'}}",
              401,
              "M_FORBIDDEN"),
          new Row("POST", V3 + "/register", "{'guest_access_token': 'x'}", 401, "M_UNKNOWN_TOKEN"),
          new Row("GET", V3 + "/register/available", "", 400, "M_MISSING_PARAM"),
          new Row("GET", V3 + "/register/available?username=", "", 400, "M_INVALID_USERNAME"),
          new Row("GET", V3 + "/register/available?username=%00", "", 400, "M_INVALID_PARAM"),
          new Row(
              "GET",
              "/_matrix/client/v1/register/m.login.registration_token/validity",
              "",
              400,
              "M_MISSING_PARAM"),
          new Row("GET", V3 + "/devices/NONE", "", 404, "M_NOT_FOUND"),
          new Row("PUT", V3 + "/devices/NONE", "{'display_name': 'x'}", 404, "M_NOT_FOUND"),
          new Row("DELETE", V3 + "/devices/" + "x".repeat(300), "{}", 401, ""),
          new Row("POST", V3 + "/delete_devices", "{'devices': {}}", 400, "M_BAD_JSON"),
          new Row("POST", V3 + "/delete_devices", "{'devices': [null]}", 400, "M_BAD_JSON"),
          new Row("POST", V3 + "/delete_devices", "{'devices': ['']}", 400, "M_INVALID_PARAM"),
          new Row(
              "POST",
              V3 + "/account/password",
              "{'new_password': 'short'}",
              400,
              "M_WEAK_PASSWORD"),
          new Row(
              "POST",
              V3 + "/account/password",
              "{'auth': {'type': 'm.login.dummy'}}",
              401,
              "M_FORBIDDEN"),
          new Row(
              "POST",
              V3 + "/account/deactivate",
              "{'auth': {'type': 'm.login.password', 'user': 'alice'}}",
              400,
              "M_MISSING_PARAM"),
          new Row(
              "POST",
              V3 + "/account/deactivate",
              "{'auth': {'type': 'm.login.password', 'password': 'x'}}",
              400,
              "M_MISSING_PARAM"),
          new Row(
              "POST",
              V3 + "/account/deactivate",
              "{'auth': {'type': 'm.login.password', 'identifier': {'type': 'm.id.magic'},"
                  + " 'password': 'x'}}",
              400,
              "M_UNKNOWN"),
          new Row("GET", V3 + "/profile/alice", "", 400, "M_INVALID_PARAM"),
          new Row("GET", V3 + "/profile/@alice", "", 400, "M_INVALID_PARAM"),
          new Row(
              "GET",
              V3 + "/profile/@" + "a".repeat(255) + ":hearth.test",
              "",
              400,
              "M_INVALID_PARAM"),
          new Row("GET", V3 + "/profile/@nobody:hearth.test/displayname", "", 404, "M_NOT_FOUND"),
          new Row("GET", PROFILE + "/No%20Key", "", 400, "M_INVALID_PARAM"),
          new Row("PUT", PROFILE + "/displayname", "{'displayname': null}", 400, "M_MISSING_PARAM"),
          new Row("PUT", PROFILE + "/displayname", "{'displayname': {}}", 400, "M_BAD_JSON"),
          new Row("PUT", PROFILE + "/avatar_url", "{'avatar_url': 'x'}", 400, "M_INVALID_PARAM"),
          new Row("PUT", PROFILE + "/avatar_url", "{'avatar_url': 7}", 400, "M_BAD_JSON"),
          new Row("PUT", PROFILE + "/m.tz", "{'m.tz': 1}", 400, "M_BAD_JSON"),
          new Row(
              "PUT",
              V3 + "/profile/@bob:hearth.test/displayname",
              "{'displayname': 'x'}",
              403,
              "M_FORBIDDEN"),
          new Row("PUT", ALICE + "/account_data/", "{}", 404, "M_UNRECOGNIZED"),
          new Row("PUT", ALICE + "/account_data/m.push_rules", "{}", 405, "M_BAD_JSON"),
          new Row("PUT", V3 + "/user/@bob:hearth.test/account_data/x", "{}", 403, "M_FORBIDDEN"),
          new Row("PUT", V3 + "/user/nonsense/account_data/x", "{}", 403, "M_FORBIDDEN"),
          new Row("PUT", ALICE + "/rooms/room/account_data/x", "{}", 400, "M_INVALID_PARAM"),
          new Row("GET", ALICE + "/rooms/%23a:b/tags", "", 400, "M_INVALID_PARAM"),
          new Row("PUT", ROOM + "/tags/u.x", "{'order': '1'}", 400, "M_BAD_JSON"),
          new Row("PUT", ROOM + "/tags/" + "x".repeat(256), "{}", 400, "M_INVALID_PARAM"),
          new Row(
              "GET",
              V3 + "/auth/m.login.dummy/fallback/web?session=unknown",
              "",
              404,
              "M_NOT_FOUND"),
          new Row("GET", V3 + "/auth/m.login.dummy/fallback/web", "", 400, "M_MISSING_PARAM"),
          new Row("GET", "/_matrix/client/v1/admin/lock/@bob:hearth.test", "", 403, "M_FORBIDDEN"),
          new Row("GET", "/_synapse/admin/v1/register", "", 404, "M_UNRECOGNIZED"),
          new Row("DELETE", V3 + "/login", "", 405, "M_UNRECOGNIZED"),
          new Row("GET", V3 + "/login/sso/redirect", "", 404, "M_UNRECOGNIZED"));

  @RegisterExtension private final ServicesExtension services = new ServicesExtension();

  @TestFactory
  Stream<DynamicTest> bodiesThatAreNoObject() {
    TestClient alice = services.register("alice");
    return WITH_BODY.stream()
        .flatMap(call ->
            BODIES.stream()
                .map(body ->
                    DynamicTest.dynamicTest(
                        call.method + " " + call.path + ": " + body.name,
                        () -> {
                          TestClient client = call.loggedIn ? alice : alice.anonymous();
                          Answer answer = client.send(call.method, call.path, body.raw());
                          if (body.status == 413) {
                            assertThat(answer.status()).isEqualTo(413);
                          } else {
                            answer.expect(body.status, body.errcode);
                          }
                        })));
  }

  @TestFactory
  Stream<DynamicTest> requestsThatCannotBeMeant() {
    TestClient alice = services.register("alice");
    services.register("bob");
    Stream<DynamicTest> rows =
        ROWS.stream()
            .map(row ->
                DynamicTest.dynamicTest(
                    row.method + " " + shortened(row.path) + " " + shortened(row.body),
                    () -> {
                      byte[] body =
                          row.body.isEmpty()
                              ? null
                              : row.body.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
                      Answer answer = alice.send(row.method, row.path, body);
                      answer.expect(row.status, row.errcode);
                    }));
    return Stream.concat(
        rows,
        Stream.of(DynamicTest.dynamicTest("nothing has changed", () -> nothingChanged(alice))));
  }

  private void nothingChanged(TestClient alice) {
    assertThat(services.tables().activeCount()).isEqualTo(2);
    assertThat(services.tables().devices(user("alice"))).hasSize(1);
    assertThat(alice.get(PROFILE).expect(200).json())
        .isEqualTo(JsonNodeFactory.instance.objectNode().put("displayname", "alice"));
    assertThat(services.data().all(user("alice"), services.store().head())).isEmpty();
  }

  private static String shortened(String text) {
    return text.length() < 80 ? text : text.substring(0, 80) + "…";
  }
}
