package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Happenings;
import org.hearth.server.services.activity.Kind;

/// Logging in and out: `/login`, `/login/get_token`, `/refresh`, `/logout`, `/account/whoami`.
///
/// **source**: [Legacy API](https://spec.matrix.org/v1.19/client-server-api/#legacy-login)
final class LoginRoutes implements RouteGroup {
  private static final String TOKEN = "m.login.token";

  private final Accounts accounts;
  private final PasswordLogin passwords;
  private final LoginTokens tokens;
  private final Confirmation confirmation;
  private final Sessions sessions;
  private final Happenings happenings;

  LoginRoutes(
      Accounts accounts,
      PasswordLogin passwords,
      LoginTokens tokens,
      Confirmation confirmation,
      Sessions sessions,
      Happenings happenings) {
    this.accounts = accounts;
    this.passwords = passwords;
    this.tokens = tokens;
    this.confirmation = confirmation;
    this.sessions = sessions;
    this.happenings = happenings;
  }

  @Override
  public void register(Routes routes) {
    routes
        .add(HttpMethod.GET, ClientPaths.v3("/login"), Access.NONE, RateClass.DEFAULT, this::flows)
        .add(HttpMethod.POST, ClientPaths.v3("/login"), Access.NONE, RateClass.LOGIN, this::logIn)
        .add(
            HttpMethod.POST,
            ClientPaths.v1("/login/get_token"),
            Access.USER,
            RateClass.LOGIN,
            this::getToken)
        .add(
            HttpMethod.POST,
            ClientPaths.v3("/refresh"),
            Access.NONE,
            RateClass.LOGIN,
            this::refresh)
        // A locked account may log out, so these look at the token themselves.
        .add(
            HttpMethod.POST,
            ClientPaths.v3("/logout"),
            Access.NONE,
            RateClass.DEFAULT,
            this::logOut)
        .add(
            HttpMethod.POST,
            ClientPaths.v3("/logout/all"),
            Access.NONE,
            RateClass.DEFAULT,
            this::logOutAll)
        .add(
            HttpMethod.GET,
            ClientPaths.v3("/account/whoami"),
            Access.USER_OR_GUEST,
            RateClass.DEFAULT,
            this::whoami);
  }

  private Response flows(Request request) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode flows = body.putArray("flows");
    flows.addObject().put("type", UserInteractiveAuth.PASSWORD);
    flows.addObject().put("type", TOKEN).put("get_login_token", true);
    return Response.json(body);
  }

  /// "Servers MUST always re-prompt the user for verification to ensure explicit consent is gained
  /// for each additional client."
  private Response getToken(Request request) {
    UserId user = request.requester().user();
    return confirmation.confirm(
        request,
        _ ->
            Response.json(
                JsonNodeFactory.instance
                    .objectNode()
                    .put("login_token", tokens.make(user, request::authenticateAgain))
                    .put("expires_in_ms", LoginTokens.LIFETIME.toMillis())));
  }

  private Response logIn(Request request) {
    Fields fields = Fields.of(request.json());
    String type = fields.string("type");
    if (!type.equals(UserInteractiveAuth.PASSWORD) && !type.equals(TOKEN)) {
      throw new MatrixException(400, Errcode.UNKNOWN, "Bad login type");
    }
    Optional<DeviceId> device = fields.optionalString("device_id").map(DeviceId::parse);
    Optional<String> deviceName = fields.optionalString("initial_device_display_name");
    boolean refreshable = fields.bool("refresh_token", false);
    deviceName.ifPresent(DeviceNames::check);
    UserId user = type.equals(TOKEN) ? byToken(fields) : byPassword(request, fields);
    Login login = sessions.logIn(user, device, deviceName, refreshable);
    happenings.note(Happening.from(request.remoteAddress(), Kind.SIGNED_IN, user));
    return Response.json(json(login));
  }

  /// Nothing else may be wrong with the request: the token is good no more.
  private UserId byToken(Fields fields) {
    return tokens
        .take(fields.string("token"))
        .orElseThrow(() -> MatrixException.forbidden("The login token is unknown or has expired"));
  }

  private UserId byPassword(Request request, Fields fields) {
    String password = fields.string("password");
    UserId user = passwords.identify(fields);
    if (!passwords.isRight(request, user, password)) {
      // Said to anybody: that the name is taken can be found out by registering, too.
      if (accounts.account(user).filter(Account::deactivated).isPresent()) {
        throw new MatrixException(Errcode.USER_DEACTIVATED, "This account has been deactivated");
      }
      throw MatrixException.forbidden("Invalid username or password");
    }
    return user;
  }

  /// A login as the endpoints answer it.
  static ObjectNode json(Login login) {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("user_id", login.user().value())
            .put("access_token", login.accessToken())
            .put("device_id", login.device().value())
            .put("home_server", login.user().server().value());
    putRefresh(body, login);
    return body;
  }

  private static void putRefresh(ObjectNode body, Login login) {
    login.refreshToken().ifPresent(token -> body.put("refresh_token", token));
    login.expiresIn().ifPresent(lifetime -> body.put("expires_in_ms", lifetime.toMillis()));
  }

  private Response refresh(Request request) {
    Login login = sessions.refresh(Fields.of(request.json()).string("refresh_token"));
    ObjectNode body =
        JsonNodeFactory.instance.objectNode().put("access_token", login.accessToken());
    putRefresh(body, login);
    return Response.json(body);
  }

  private Response logOut(Request request) {
    Session session = sessions.session(accessToken(request));
    sessions.remove(session.user(), List.of(session.device()));
    happenings.note(Happening.from(request.remoteAddress(), Kind.SIGNED_OUT, session.user()));
    return Response.empty();
  }

  private Response logOutAll(Request request) {
    UserId user = sessions.session(accessToken(request)).user();
    sessions.removeAllBut(user, null);
    happenings.note(Happening.from(request.remoteAddress(), Kind.SIGNED_OUT, user));
    return Response.empty();
  }

  private static String accessToken(Request request) {
    return request.accessToken().orElseThrow(MatrixException::missingToken);
  }

  private Response whoami(Request request) {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("user_id", request.requester().user().value())
            .put("is_guest", request.requester().guest());
    DeviceId device = request.requester().device();
    if (device != null) {
      body.put("device_id", device.value());
    }
    return Response.json(body);
  }
}
