package org.hearth.server.matrix.checks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.id.ServerName;

/// Which servers may take part in a room, as its `m.room.server_acl` says. An event is at most 64
/// KiB, and so is what is to be compared with.
///
/// **thread**: any; immutable. **source**: [m.room.server_acl][acl].
///
/// [acl]: https://spec.matrix.org/v1.19/client-server-api/#mroomserver_acl
public final class ServerAcl {
  private static final int BASE_BYTES = 200;

  private final boolean allowIpLiterals;
  private final ServerGlobs allow;
  private final ServerGlobs deny;

  private ServerAcl(boolean allowIpLiterals, ServerGlobs allow, ServerGlobs deny) {
    this.allowIpLiterals = allowIpLiterals;
    this.allow = allow;
    this.deny = deny;
  }

  /// What that content says, which may be of any shape: "Defaults to `true` if missing or otherwise
  /// not a boolean"; a list that is none is empty, and what is no text in it matches nobody.
  public static ServerAcl of(ObjectNode content) {
    JsonNode literals = content.path("allow_ip_literals");
    return new ServerAcl(
        !literals.isBoolean() || literals.booleanValue(),
        globs(content.path("allow")),
        globs(content.path("deny")));
  }

  private static ServerGlobs globs(JsonNode list) {
    List<String> patterns = new ArrayList<>();
    if (list.isArray()) {
      list.forEach(each -> {
        if (each.isTextual()) {
          patterns.add(each.textValue());
        }
      });
    }
    return ServerGlobs.of(patterns);
  }

  /// Whether that server may take part.
  public boolean allows(ServerName server) {
    // "1. If there is no `m.room.server_acl` event in the room state, allow." That is the caller's.
    // "the suspect server's port number must not be considered"
    String host = server.host();
    // "2. If the server name is an IP address (v4 or v6) literal, and `allow_ip_literals` is
    // present and `false`, deny."
    if (!allowIpLiterals && isIpLiteral(host)) {
      return false;
    }
    // "3. If the server name matches an entry in the `deny` list, deny."
    if (deny.matches(host)) {
      return false;
    }
    // "4. If the server name matches an entry in the `allow` list, allow."
    // "5. Otherwise, deny."
    return allow.matches(host);
  }

  /// About what it takes in memory.
  public int bytes() {
    return BASE_BYTES + allow.bytes() + deny.bytes();
  }

  /// The grammar of server names lets no name of four numbers be anything else.
  private static boolean isIpLiteral(String host) {
    return host.startsWith("[")
        || (host.chars().allMatch(each -> each == '.' || (each >= '0' && each <= '9'))
            && host.chars().filter(each -> each == '.').count() == 3);
  }
}
