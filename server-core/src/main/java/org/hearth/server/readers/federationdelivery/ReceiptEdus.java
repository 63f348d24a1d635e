package org.hearth.server.readers.federationdelivery;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.logs.ReceiptOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.MatrixJson;

/// The receipts of a room as EDUs. One EDU has one receipt of a user, so those of threads stand in
/// further ones.
///
/// **thread**: one. **source**:
/// [Receipts](https://spec.matrix.org/v1.19/server-server-api/#receipts)
final class ReceiptEdus {
  /// About how much stands in one EDU.
  private static final int LARGE = 32 << 10;

  private final RoomId room;
  private final int most;
  private final List<OneEdu> made = new ArrayList<>();

  private static final class OneEdu {
    private final ObjectNode users = JsonNodeFactory.instance.objectNode();
    private int bytes;
  }

  /// @param most EDUs
  ReceiptEdus(RoomId room, int most) {
    this.room = room;
    this.most = most;
  }

  /// How many bytes a receipt takes, in an EDU of its own: the most that it may add.
  static int size(ReceiptOutput receipt) {
    ObjectNode users = JsonNodeFactory.instance.objectNode();
    users.set(receipt.user().value(), content(receipt));
    return MatrixJson.write(edu(receipt.room(), users)).length;
  }

  /// Adds a receipt.
  ///
  /// @return false if there is no place for it: it would need an EDU too many
  boolean add(ReceiptOutput receipt) {
    String user = receipt.user().value();
    Optional<OneEdu> open =
        made.stream().filter(each -> each.bytes <= LARGE && !each.users.has(user)).findFirst();
    if (open.isEmpty() && made.size() >= most) {
      return false;
    }
    OneEdu edu = open.orElseGet(OneEdu::new);
    if (open.isEmpty()) {
      made.add(edu);
    }
    edu.users.set(user, content(receipt));
    edu.bytes += size(receipt);
    return true;
  }

  List<ObjectNode> edus() {
    return made.stream().map(each -> edu(room, each.users)).toList();
  }

  private static ObjectNode edu(RoomId room, ObjectNode users) {
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    content.putObject(room.value()).set("m.read", users);
    return Edus.edu("m.receipt", content);
  }

  private static ObjectNode content(ReceiptOutput receipt) {
    ObjectNode one = JsonNodeFactory.instance.objectNode();
    one.putArray("event_ids").add(receipt.event().value());
    ObjectNode data = one.putObject("data").put("ts", receipt.ts());
    String thread = receipt.thread();
    if (thread != null) {
      data.put("thread_id", thread);
    }
    return one;
  }
}
