package org.hearth.server.services.keybackup;

import org.hearth.server.http.TestClient;
import org.hearth.server.http.TestClient.Answer;

/// A client that keeps backups.
record BackupClient(TestClient client) {
  private static final String PATH = "/_matrix/client/v3/room_keys/";
  static final String CURVE = "m.megolm_backup.v1.curve25519-aes-sha2";

  /// Makes a version, and returns its id.
  String make() {
    return make("abcdefg").expect(200).text("version");
  }

  Answer make(String publicKey) {
    return client.post(
        PATH + "version",
        "{'algorithm': '%s', 'auth_data': {'public_key': '%s'}}".formatted(CURVE, publicKey));
  }

  Answer current() {
    return client.get(PATH + "version");
  }

  Answer version(String id) {
    return client.get(PATH + "version/" + id);
  }

  Answer define(String id, String json) {
    return client.put(PATH + "version/" + id, json);
  }

  Answer delete(String id) {
    return client.delete(PATH + "version/" + id);
  }

  /// @param below `` for all keys, `/!room` for those of a room, `/!room/session` for one
  Answer keys(String version, String below) {
    return client.get(PATH + "keys" + below + "?version=" + version);
  }

  Answer put(String version, String below, String json) {
    return client.put(PATH + "keys" + below + "?version=" + version, json);
  }

  Answer deleteKeys(String version, String below) {
    return client.delete(PATH + "keys" + below + "?version=" + version);
  }

  /// A key that says `data`.
  static String key(boolean isVerified, long index, long forwarded, String data) {
    return "{'first_message_index': %d, 'forwarded_count': %d, 'is_verified': %b, 'session_data': {'ciphertext': '%s'}}"
        .formatted(index, forwarded, isVerified, data);
  }

  /// What the key of a session says.
  String data(String version, String below) {
    return keys(version, below).expect(200).at("/session_data/ciphertext").asText();
  }
}
