package org.hearth.bench.start;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.hearth.bench.load.Connection;

/// Accounts and rooms on a server with open registration, made over HTTP as any client does.
final class People {
  private People() {}

  /// An account.
  ///
  /// @param id the user's id
  /// @param token an access token
  record Account(String id, String token) {}

  static List<Account> register(URI server, String prefix, int count) throws IOException {
    List<Account> accounts = new ArrayList<>();
    try (Connection connection = new Connection(server)) {
      for (int i = 0; i < count; i++) {
        JsonNode made = connection.register(prefix + i);
        accounts.add(
            new Account(made.path("user_id").asText(), made.path("access_token").asText()));
      }
    }
    return accounts;
  }

  /// Public rooms; each account makes as many as the others, and all join all.
  ///
  /// @return the rooms' ids
  static List<String> makeRooms(URI server, List<Account> accounts, int count) throws IOException {
    List<String> rooms = new ArrayList<>();
    try (Connection connection = new Connection(server)) {
      for (int i = 0; i < count; i++) {
        Account creator = accounts.get(i % accounts.size());
        String room = connection.makeRoom(creator.token(), "Room " + i);
        rooms.add(room);
        String join = "/_matrix/client/v3/join/" + URLEncoder.encode(room, StandardCharsets.UTF_8);
        for (Account account : accounts) {
          ask(connection, join, account.token(), "{}");
        }
      }
    }
    return rooms;
  }

  private static JsonNode ask(Connection connection, String path, String token, String body)
      throws IOException {
    return connection.granted("POST", path, token, body);
  }
}
