package org.hearth.server.readers.federationquery;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import org.hearth.server.FederatedServer;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.id.RoomId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What services tell other servers: aliases, public rooms, profiles, devices and keys.
@Tag("long")
final class FederatedServicesTest {
  private static final String V1 = "/_matrix/federation/v1";
  private static final String V3 = "/_matrix/client/v3";

  @TempDir private Path folder;
  private FederatedServer server;
  private TestClient alice;
  private TestClient peer;

  @BeforeEach
  void start() throws IOException {
    open("room-directory: { over-federation: true }\n");
  }

  private void open(String settings) throws IOException {
    server = new FederatedServer(folder, settings);
    alice = server.register("alice");
    peer = server.peer("peer.test");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private RoomId publicRoom() {
    return RoomId.parse(
        alice
            .post(
                V3 + "/createRoom",
                "{'preset':'public_chat','visibility':'public','room_alias_name':'hall','name':'The hall','room_version':'11'}")
            .expect(200)
            .text("room_id"));
  }

  @Test
  void anAliasLeadsToItsRoomAndTheServersThere() {
    RoomId room = publicRoom();
    server.membership(room, "@bob:peer.test", "join");
    String target = V1 + "/query/directory?room_alias=";

    JsonNode found = peer.get(target + TestClient.encoded("#hall:hearth.test")).expect(200).json();

    assertThat(found.path("room_id").asText()).isEqualTo(room.value());
    assertThat(found.path("servers"))
        .extracting(JsonNode::asText)
        .containsExactly("hearth.test", "peer.test");
    peer.get(target + TestClient.encoded("#none:hearth.test")).expect(404, "M_NOT_FOUND");
    peer.get(target + TestClient.encoded("#hall:other.test")).expect(404, "M_NOT_FOUND");
    peer.get(target + "nonsense").expect(400, "M_INVALID_PARAM");
    peer.get(V1 + "/query/directory").expect(400, "M_MISSING_PARAM");
    peer.get(V1 + "/query/nothing").expect(404, "M_UNRECOGNIZED");
  }

  @Test
  void publicRoomsAreListedWhereTheOwnerWantsIt() throws IOException {
    RoomId room = publicRoom();

    JsonNode listed = peer.get(V1 + "/publicRooms?limit=5").expect(200).json();
    JsonNode found =
        peer.post(V1 + "/publicRooms", "{'filter':{'generic_search_term':'HALL'}}")
            .expect(200)
            .json();
    JsonNode none =
        peer.post(V1 + "/publicRooms", "{'filter':{'generic_search_term':'kitchen'}}")
            .expect(200)
            .json();

    assertThat(listed.at("/chunk/0/room_id").asText()).isEqualTo(room.value());
    assertThat(found.at("/chunk/0/name").asText()).isEqualTo("The hall");
    assertThat(none.path("chunk")).isEmpty();
    peer.get(V1 + "/publicRooms?since=x").expect(400, "M_INVALID_PARAM");
    peer.post(V1 + "/publicRooms", "{'limit':'x'}").expect(400, "M_BAD_JSON");

    server.close();
    server = new FederatedServer(folder, "");
    peer = server.peer("peer.test");
    peer.get(V1 + "/publicRooms").expect(403, "M_FORBIDDEN");
    peer.post(V1 + "/publicRooms", "{}").expect(403, "M_FORBIDDEN");
  }

  @Test
  void aProfileIsToldOfUsersOfThisServerOnly() {
    alice
        .put(V3 + "/profile/@alice:hearth.test/displayname", "{'displayname':'Alice'}")
        .expect(200);
    alice.put(V3 + "/profile/@alice:hearth.test/m.tz", "{'m.tz':'Europe/Rome'}").expect(200);
    String target = V1 + "/query/profile?user_id=";

    assertThat(peer.get(target + "@alice:hearth.test").expect(200).json())
        .hasToString("{\"displayname\":\"Alice\",\"m.tz\":\"Europe/Rome\"}");
    assertThat(peer.get(target + "@alice:hearth.test&field=displayname").expect(200).json())
        .hasToString("{\"displayname\":\"Alice\"}");
    peer.get(target + "@alice:hearth.test&field=avatar_url").expect(404, "M_NOT_FOUND");
    peer.get(target + "@nobody:hearth.test").expect(404, "M_NOT_FOUND");
    peer.get(target + "@bob:peer.test").expect(404, "M_NOT_FOUND");
    peer.get(target + "nonsense").expect(400, "M_INVALID_PARAM");
    peer.get(V1 + "/query/profile").expect(400, "M_MISSING_PARAM");
  }

  private void uploadKeys() {
    alice
        .post(
            V3 + "/keys/upload",
            "{'device_keys':{'user_id':'@alice:hearth.test','device_id':'PHONE','algorithms':['m.olm.v1.curve25519-aes-sha2'],'keys':{'ed25519:PHONE':'AQID','curve25519:PHONE':'AQID'},'signatures':{}},'one_time_keys':{'signed_curve25519:A':{'key':'AQID','signatures':{}}}}")
        .expect(200);
  }

  /// Row 40 of the hostile list: of users of other servers nothing is told, whatever is known.
  @Test
  void devicesAreToldOfUsersOfThisServerWithoutWhatTheyAreCalled() {
    JsonNode before = peer.get(V1 + "/user/devices/@alice:hearth.test").expect(200).json();
    uploadKeys();

    JsonNode after = peer.get(V1 + "/user/devices/@alice:hearth.test").expect(200).json();

    assertThat(before.path("user_id").asText()).isEqualTo("@alice:hearth.test");
    assertThat(before.path("devices")).isEmpty();
    assertThat(after.path("stream_id").asLong()).isGreaterThan(before.path("stream_id").asLong());
    assertThat(after.at("/devices/0/device_id").asText()).isEqualTo("PHONE");
    assertThat(after.at("/devices/0/keys/keys/ed25519:PHONE").asText()).isEqualTo("AQID");
    assertThat(after.toString()).doesNotContain("telephone");
    peer.get(V1 + "/user/devices/@bob:peer.test").expect(404, "M_NOT_FOUND");
    peer.get(V1 + "/user/devices/@bob:third.test").expect(404, "M_NOT_FOUND");
    peer.get(V1 + "/user/devices/@nobody:hearth.test").expect(404, "M_NOT_FOUND");
    peer.get(V1 + "/user/devices/nonsense").expect(400, "M_INVALID_PARAM");
  }

  @Test
  void keysAreToldOfUsersOfThisServer() {
    uploadKeys();

    JsonNode told =
        peer.post(
                V1 + "/user/keys/query",
                "{'device_keys':{'@alice:hearth.test':[],'@bob:third.test':[],'@nobody:hearth.test':[]}}")
            .expect(200)
            .json();

    assertThat(told.path("device_keys").properties()).hasSize(1);
    assertThat(told.at("/device_keys/@alice:hearth.test/PHONE/user_id").asText())
        .isEqualTo("@alice:hearth.test");
    assertThat(told.has("failures")).isFalse();
    assertThat(told.has("user_signing_keys")).isFalse();
    assertThat(told.has("master_keys")).isTrue();
    assertThat(told.toString()).doesNotContain("telephone");
    assertThat(
            peer.post(V1 + "/user/keys/query", "{'device_keys':{'@alice:hearth.test':['OTHER']}}")
                .expect(200)
                .at("/device_keys/@alice:hearth.test"))
        .isEmpty();
    peer.post(V1 + "/user/keys/query", "{}").expect(400, "M_MISSING_PARAM");
    peer.post(V1 + "/user/keys/query", "{'device_keys':{'@alice:hearth.test':{}}}")
        .expect(400, "M_BAD_JSON");
  }

  /// A key goes to one server, whoever asks first, or to a client.
  @Test
  void aOneTimeKeyIsGivenAwayOnce() {
    uploadKeys();
    String claim =
        "{'one_time_keys':{'@alice:hearth.test':{'PHONE':'signed_curve25519'},'@bob:third.test':{'X':'signed_curve25519'}}}";

    JsonNode first = peer.post(V1 + "/user/keys/claim", claim).expect(200).json();
    JsonNode second = server.peer("other.test").post(V1 + "/user/keys/claim", claim).json();
    JsonNode client = alice.post(V3 + "/keys/claim", claim).expect(200).json();

    assertThat(first)
        .hasToString(
            "{\"one_time_keys\":{\"@alice:hearth.test\":{\"PHONE\":{\"signed_curve25519:A\":{\"key\":\"AQID\",\"signatures\":{}}}}}}");
    assertThat(second).hasToString("{\"one_time_keys\":{}}");
    assertThat(client.path("one_time_keys")).isEmpty();
    peer.post(V1 + "/user/keys/claim", "{}").expect(400, "M_MISSING_PARAM");
    peer.post(V1 + "/user/keys/claim", "{'one_time_keys':{'@alice:hearth.test':1}}")
        .expect(400, "M_BAD_JSON");
  }
}
