package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;

/// The servers of other users, which cannot be asked.
///
/// "If any remote homeservers could not be reached, they are recorded here. The names of the
/// properties are the names of the unreachable servers."
///
/// @param here the users of this server
/// @param json the others' servers
record Failures(List<UserId> here, ObjectNode json) {
  /// Tells the users of this server from the others.
  static Failures among(Collection<UserId> users, ServerName own) {
    List<UserId> here = new ArrayList<>();
    ObjectNode servers = JsonNodeFactory.instance.objectNode();
    for (UserId each : users) {
      if (each.isOn(own)) {
        here.add(each);
      } else {
        servers
            .putObject(each.server().value())
            .put("errcode", "M_UNRECOGNIZED")
            .put("error", "This server does not ask other servers for keys");
      }
    }
    return new Failures(List.copyOf(here), servers);
  }
}
