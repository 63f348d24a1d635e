package org.hearth.bench.federation;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.hearth.bench.load.Connection;
import org.hearth.server.matrix.id.ServerName;

/// A user of the measured server, on a connection of his own.
///
/// **thread**: one.
final class LocalUser implements AutoCloseable {
  private static final String API = "/_matrix/client/v3";

  private final URI server;
  private final String token;
  private final Connection connection;

  private LocalUser(URI server, String token, Connection connection) {
    this.server = server;
    this.token = token;
    this.connection = connection;
  }

  /// Makes an account.
  static LocalUser register(URI server, String name) throws IOException {
    Connection connection = new Connection(server);
    String token = connection.register(name).path("access_token").asText();
    return new LocalUser(server, token, connection);
  }

  /// The same user on another connection.
  LocalUser again() throws IOException {
    return new LocalUser(server, token, new Connection(server));
  }

  /// Makes a room.
  ///
  /// @return its id
  String makeRoom() throws IOException {
    return connection.makeRoom(token, "Figures");
  }

  /// Joins a room of another server.
  void join(PeerRoom room) throws IOException {
    ServerName via = room.resident().name();
    var _ =
        connection.granted(
            "POST",
            API + "/join/%s?via=%s".formatted(encoded(room.id().value()), encoded(via.value())),
            token,
            "{}");
  }

  /// Sends a message.
  ///
  /// @param number that its content has as `n`; unique in all that the user sends
  /// @return the id of the event
  String say(String room, int number) throws IOException {
    return connection
        .granted(
            "PUT",
            API + "/rooms/%s/send/m.room.message/%d".formatted(encoded(room), number),
            token,
            "{\"msgtype\":\"m.text\",\"body\":\"Message %d\",\"n\":%d}".formatted(number, number))
        .path("event_id")
        .asText();
  }

  /// How many are in a room.
  int members(String room) throws IOException {
    return connection
        .granted("GET", API + "/rooms/%s/joined_members".formatted(encoded(room)), token, "")
        .path("joined")
        .size();
  }

  /// What is new.
  ///
  /// @param since empty for the first time
  /// @param filter as JSON
  JsonNode sync(String since, String filter) throws IOException {
    return connection.granted(
        "GET",
        API
            + "/sync?timeout=5000&filter=%s%s"
                .formatted(encoded(filter), since.isEmpty() ? "" : "&since=" + encoded(since)),
        token,
        "");
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    connection.close();
  }
}
