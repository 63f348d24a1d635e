package org.hearth.server.readers.federationquery;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.InstantSource;
import java.util.List;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.JsonWriter;

/// Answers that look like the transactions by which servers send events.
///
/// **thread**: any.
///
/// @param here the name of this server
record Transactions(ServerName here, InstantSource clock) {
  void write(JsonWriter json, List<ObjectNode> events) {
    json.object();
    json.name("origin").value(here.value());
    json.name("origin_server_ts").value(clock.millis());
    json.name("pdus").array();
    events.forEach(json::value);
    json.endArray().endObject();
  }
}
