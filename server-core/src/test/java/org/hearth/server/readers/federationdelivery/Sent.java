package org.hearth.server.readers.federationdelivery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.version.RoomVersions;

/// A transaction that a server was sent.
record Sent(String id, ObjectNode content) {
  List<JsonNode> pdus() {
    List<JsonNode> all = new ArrayList<>();
    content.path("pdus").forEach(all::add);
    return all;
  }

  /// The ids of its events, in order.
  List<EventId> events() {
    return pdus().stream()
        .map(each -> Pdu.parse((ObjectNode) each, RoomVersions.V11).eventId())
        .toList();
  }

  /// The contents of its EDUs of a type.
  List<JsonNode> edus(String type) {
    List<JsonNode> all = new ArrayList<>();
    for (JsonNode each : content.path("edus")) {
      if (each.path("edu_type").asText().equals(type)) {
        all.add(each.path("content"));
      }
    }
    return all;
  }
}
