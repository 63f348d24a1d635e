package org.hearth.server.services.profile;

import static org.assertj.core.api.Assertions.assertThat;

import org.hearth.server.http.TestClient;
import org.hearth.server.outbound.SignedPeer.Said;
import org.hearth.server.outbound.WithSignedPeer;
import org.junit.jupiter.api.Test;

/// Profiles of users of other servers.
class RemoteProfilesTest extends WithSignedPeer {
  private static final String QUERY = "/_matrix/federation/v1/query/profile";

  private TestClient.Answer profile(String field) {
    return alice.get(
        "/_matrix/client/v3/profile/" + encoded(bob()) + (field.isEmpty() ? "" : "/" + field));
  }

  private String bob() {
    return "@bob:" + peer.name();
  }

  @Test
  void aProfileIsAskedOfTheUsersServerOnce() {
    peer.on(QUERY, _ -> Said.ok("{'displayname':'Bob','avatar_url':'mxc://peer.test/1'}"));

    assertThat(profile("").expect(200).json())
        .hasToString("{\"displayname\":\"Bob\",\"avatar_url\":\"mxc://peer.test/1\"}");
    assertThat(profile("displayname").expect(200).json()).hasToString("{\"displayname\":\"Bob\"}");

    assertThat(peer.asked(QUERY))
        .singleElement()
        .satisfies(
            each -> assertThat(each.target()).isEqualTo(QUERY + "?user_id=" + encoded(bob())));
  }

  @Test
  void whoWantsOneFieldAsksForOneField() {
    peer.on(QUERY, _ -> Said.ok("{'displayname':'Bob','avatar_url':'mxc://peer.test/1'}"));

    assertThat(profile("displayname").expect(200).json()).hasToString("{\"displayname\":\"Bob\"}");
    profile("m.tz").expect(404, "M_NOT_FOUND");

    assertThat(peer.asked(QUERY).getFirst().target()).endsWith("&field=displayname");
  }

  @Test
  void fieldsThatAreNoneAreLeftOut() {
    peer.on(
        QUERY,
        _ ->
            Said.ok(
                "{'displayname':['Bob'],'avatar_url':'https://spy.test/me.png','m.tz':7,'UPPER':1,'my.field':{'a':[1]},'null.field':null}"));

    assertThat(profile("").expect(200).json()).hasToString("{\"my.field\":{\"a\":[1]}}");
  }

  @Test
  void aNameThatIsTooLongIsNone() {
    peer.on(QUERY, _ -> Said.ok("{'displayname':'" + "x".repeat(300) + "'}"));

    assertThat(profile("").expect(200).json()).isEmpty();
  }

  @Test
  void aProfileThatIsTooLargeIsNone() {
    peer.on(QUERY, _ -> Said.ok("{'my.field':'" + "x".repeat(65 << 10) + "'}"));

    profile("").expect(502, "M_UNKNOWN");
  }

  @Test
  void whoIsNotThereIsSaidNotToBeThere() {
    profile("").expect(404, "M_NOT_FOUND");
    profile("avatar_url").expect(404, "M_NOT_FOUND");

    assertThat(peer.asked(QUERY)).hasSize(1);
  }

  @Test
  void whatTheServerRefusesIsToldInTheWordsOfThisOne() {
    peer.on(QUERY, _ -> new Said(403, "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"secret\"}"));
    assertThat(profile("avatar_url").expect(403, "M_FORBIDDEN").text("error"))
        .doesNotContain("secret");
  }

  /// Row 69.
  @Test
  void whatAnotherServerSaysOfTokensIsNotRelayed() {
    peer.on(QUERY, _ -> new Said(401, "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"soft_logout\":true}"));

    assertThat(profile("").expect(502, "M_UNKNOWN").json().has("soft_logout")).isFalse();
  }

  @Test
  void aServerIsToldOfThisServersUsersAlone() {
    peer.on(QUERY, _ -> Said.ok("{'displayname':'Bob'}"));
    profile("").expect(200);

    server.peer("third.test").get(QUERY + "?user_id=" + encoded(bob())).expect(404, "M_NOT_FOUND");
  }
}
