package org.hearth.server.services.voip;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.GeneralSecurityException;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.id.UserId;

/// `GET /voip/turnServer`: by which servers calls are relayed where the two cannot reach each
/// other, and the credentials for them. Of a server without TURN the answer is empty: clients take
/// that for "none", and an error for something to be tried again.
///
/// **thread**: any.
///
/// **source**: [Voice over IP](https://spec.matrix.org/v1.19/client-server-api/#voice-over-ip)
public final class VoipService implements ServiceBox {
  /// The name in the wiring.
  public static final String BOX = "VoIP";

  private static final String HMAC = "HmacSHA1";

  private final Optional<TurnServers> turn;
  private final InstantSource clock;

  /// @param turn empty for none
  public VoipService(Optional<TurnServers> turn, InstantSource clock) {
    this.turn = turn;
    this.clock = clock;
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Relays for calls";
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/voip/turnServer"),
        Access.USER,
        RateClass.DEFAULT,
        this::turnServer);
  }

  private Response turnServer(Request request) {
    return turn.map(each -> Response.json(json(each, request.requester().user())))
        .orElseGet(Response::empty);
  }

  private ObjectNode json(TurnServers servers, UserId user) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    switch (servers.credentials()) {
      case TurnServers.Credentials.Shared(String secret) -> {
        // As TURN servers know it: the name is the time until which the password is good, and whom
        // it was given; the password is an HMAC-SHA1 of the name.
        long end = clock.instant().plus(servers.lifetime()).getEpochSecond();
        String name = end + ":" + user.value();
        json.put("username", name).put("password", hmac(secret, name));
      }
      case TurnServers.Credentials.Fixed(var name, var password) ->
          json.put("username", name.orElse("")).put("password", password.orElse(""));
    }
    var uris = json.putArray("uris");
    servers.uris().forEach(uris::add);
    return json.put("ttl", servers.lifetime().toSeconds());
  }

  private static String hmac(String secret, String text) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(secret.getBytes(UTF_8), HMAC));
      return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(UTF_8)));
    } catch (GeneralSecurityException absent) {
      throw new IllegalStateException("every Java has " + HMAC, absent);
    }
  }
}
