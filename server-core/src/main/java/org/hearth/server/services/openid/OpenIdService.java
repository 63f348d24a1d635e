package org.hearth.server.services.openid;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.AccountService;

/// `POST /user/{userId}/openid/request_token`, by which a user gets a token to show to another
/// service, and `GET /_matrix/federation/v1/openid/userinfo`, by which that service finds out whose
/// it is. Nothing else can be done with such a token.
///
/// **thread**: any.
///
/// **source**: [OpenID](https://spec.matrix.org/v1.19/client-server-api/#openid), [of
/// servers](https://spec.matrix.org/v1.19/server-server-api/#openid)
public final class OpenIdService implements ServiceBox {
  /// The name in the wiring.
  public static final String BOX = "OpenID";

  private final AccountQueries accounts;
  private final OpenIdTokens tokens;

  /// @param keys the server's, by which it knows its tokens again
  public OpenIdService(AccountQueries accounts, Supplier<OwnKeys> keys, InstantSource clock) {
    this.accounts = accounts;
    this.tokens = new OpenIdTokens(keys, clock);
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Who a user is";
  }

  @Override
  public List<String> asks() {
    return List.of(AccountService.BOX);
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.POST,
        ClientPaths.v3("/user/{userId}/openid/request_token"),
        Access.USER,
        RateClass.DEFAULT,
        this::requestToken);
    routes.add(
        HttpMethod.GET,
        "/_matrix/federation/v1/openid/userinfo",
        Access.NONE,
        RateClass.DEFAULT,
        this::userInfo);
  }

  private Response requestToken(Request request) {
    UserId user = request.requester().user();
    if (!user.value().equals(request.path("userId"))) {
      throw MatrixException.forbidden("You can ask for tokens of your own only");
    }
    // "An empty object. Reserved for future expansion."
    var _ = request.jsonOrEmpty();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("access_token", tokens.make(user));
    json.put("token_type", "Bearer");
    json.put("matrix_server_name", user.server().value());
    json.put("expires_in", OpenIdTokens.LIFETIME.toSeconds());
    return Response.json(json);
  }

  /// "The token was not recognized or has expired" also of an account that is closed or locked.
  private Response userInfo(Request request) {
    String token = request.query("access_token").orElseThrow(MatrixException::missingToken);
    UserId user =
        tokens
            .read(token)
            .filter(each ->
                accounts
                    .account(each)
                    .filter(account -> !account.deactivated() && !account.locked())
                    .isPresent())
            .orElseThrow(() -> MatrixException.unknownToken(false));
    return Response.field("sub", user.value());
  }
}
