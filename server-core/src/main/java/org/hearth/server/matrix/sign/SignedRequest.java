package org.hearth.server.matrix.sign;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.PeerJson;

/// A request of a server to another, as it is signed.
///
/// **source**: [Request Authentication][request].
///
/// [request]: https://spec.matrix.org/v1.19/server-server-api/#request-authentication
///
/// @param origin whose request it is
/// @param destination "the server names from before delegation would take place are used"
/// @param method as it is sent, such as `GET`
/// @param target "the full path starting with `/_matrix/...`, including the `?` and any query
///   parameters if present", as it is sent
/// @param content "JSON-parsed request body"; empty if there is none
public record SignedRequest(
    ServerName origin,
    ServerName destination,
    String method,
    String target,
    Optional<JsonNode> content) {
  /// What is signed: "Step 1 sign JSON".
  public byte[] bytes() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("method", method);
    json.put("uri", target);
    json.put("origin", origin.value());
    json.put("destination", destination.value());
    content.ifPresent(each -> json.set("content", each));
    return PeerJson.canonical(json);
  }
}
