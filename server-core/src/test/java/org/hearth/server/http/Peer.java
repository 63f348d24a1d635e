package org.hearth.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.PeerJson;
import org.hearth.server.matrix.json.UnpaddedBase64;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.matrix.testkit.TestKeys;
import org.jspecify.annotations.Nullable;

/// Another server, which signs its requests.
///
/// ```
/// TestClient peer = TestClient.of(server).as(Peer.of("peer.test"));
/// ```
///
/// @param name who it is
/// @param destination to which it says to speak
/// @param key by which it signs
public record Peer(ServerName name, ServerName destination, SigningKey key)
    implements TestClient.Authorization {
  /// The server that is spoken to.
  public static final ServerName HERE = ServerName.parse("hearth.test");

  /// A server with its own key, see [TestKeys].
  public static Peer of(String name) {
    ServerName server = ServerName.parse(name);
    return new Peer(server, HERE, TestKeys.of(server));
  }

  /// What it signs.
  public ObjectNode signed(String method, String target, @Nullable JsonNode content) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("method", method);
    json.put("uri", target);
    json.put("origin", name.value());
    json.put("destination", destination.value());
    if (content != null) {
      json.set("content", content);
    }
    return json;
  }

  /// The signature of that.
  public String signature(ObjectNode signed) {
    return UnpaddedBase64.encode(key.sign(PeerJson.canonical(signed)));
  }

  /// A header.
  public String header(String signature) {
    return "X-Matrix origin=\"%s\",destination=\"%s\",key=\"%s\",sig=\"%s\""
        .formatted(name, destination, key.id(), signature);
  }

  @Override
  public List<String> of(String method, String target, byte @Nullable [] body) {
    JsonNode content = body == null || body.length == 0 ? null : PeerJson.parse(body);
    return List.of(header(signature(signed(method, target, content))));
  }
}
