package org.hearth.server.servers.device;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.hearth.server.logs.DeviceOutput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.Utf8;

/// Makes EDUs of messages to users of other servers: of one call those for one server go together,
/// in as many EDUs as their size needs.
///
/// **thread**: any. **source**: [send-to-device messaging][send].
///
/// [send]: https://spec.matrix.org/v1.19/server-server-api/#send-to-device-messaging
final class Elsewhere {
  /// What the messages of one EDU take: with what is around them it has 64 KiB, of which a server
  /// may refuse more.
  static final int MOST_EDU_BYTES = 62 << 10;

  /// Around one message: quotation marks, colons and braces.
  private static final int AROUND = 16;

  /// "Arbitrary utf8 string, of maximum length 32 codepoints."
  private static final int ID_BYTES = 16;

  private final ServerName here;
  private final RandomGenerator random;

  /// EDUs, and what is in all of them.
  record Split(List<DeviceOutput.MessagesSent> entries, int messages, long bytes) {}

  Elsewhere(ServerName here, RandomGenerator random) {
    this.here = here;
    this.random = random;
  }

  /// The EDUs of one call; those for users of this server are left out.
  ///
  /// @throws MatrixException `M_TOO_LARGE` if a message does not fit into an EDU
  Split split(UserId sender, String type, Map<UserId, Map<String, ObjectNode>> messages) {
    Map<ServerName, Edu> open = new LinkedHashMap<>();
    List<DeviceOutput.MessagesSent> entries = new ArrayList<>();
    int count = 0;
    long all = 0;
    for (var user : messages.entrySet()) {
      if (user.getKey().isOn(here)) {
        continue;
      }
      ServerName server = user.getKey().server();
      for (var message : user.getValue().entrySet()) {
        int bytes =
            MatrixJson.write(message.getValue()).length
                + Utf8.length(user.getKey().value())
                + Utf8.length(message.getKey())
                + AROUND;
        if (bytes > MOST_EDU_BYTES) {
          throw MatrixException.tooLarge(
              "A message to a user of another server has at most %d bytes"
                  .formatted(MOST_EDU_BYTES));
        }
        Edu edu = open.computeIfAbsent(server, _ -> new Edu());
        if (edu.bytes + bytes > MOST_EDU_BYTES) {
          entries.add(entry(sender, server, type, edu));
          edu = new Edu();
          open.put(server, edu);
        }
        edu.add(user.getKey(), message.getKey(), message.getValue(), bytes);
        count++;
        all += bytes;
      }
    }
    open.forEach((server, edu) -> entries.add(entry(sender, server, type, edu)));
    return new Split(entries, count, all);
  }

  private DeviceOutput.MessagesSent entry(UserId sender, ServerName server, String type, Edu edu) {
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    return new DeviceOutput.MessagesSent(
        sender, server, type, HexFormat.of().formatHex(id), edu.messages);
  }

  /// An EDU that is being filled.
  private static final class Edu {
    private final Map<UserId, Map<String, ObjectNode>> messages = new LinkedHashMap<>();
    private int bytes;

    void add(UserId user, String device, ObjectNode content, int size) {
      messages.computeIfAbsent(user, _ -> new LinkedHashMap<>()).put(device, content);
      bytes += size;
    }
  }
}
