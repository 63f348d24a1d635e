package org.hearth.server.services.account;

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
import org.hearth.server.http.Requester;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Happenings;
import org.hearth.server.services.activity.Kind;
import org.hearth.server.store.RowChange;

/// Making an account by oneself: `/register` and what goes with it.
///
/// **source**: [POST
/// /register](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3register)
final class RegistrationRoutes implements RouteGroup {
  private final AccountOptions options;
  private final NewAccounts newAccounts;
  private final RegistrationTokens registrationTokens;
  private final UserInteractiveAuth interactive;
  private final Sessions sessions;
  private final Happenings happenings;
  private final List<List<String>> flows;

  RegistrationRoutes(
      AccountOptions options,
      NewAccounts newAccounts,
      RegistrationTokens registrationTokens,
      UserInteractiveAuth interactive,
      Optional<Recaptcha> recaptcha,
      Sessions sessions,
      Happenings happenings) {
    this.options = options;
    this.newAccounts = newAccounts;
    this.registrationTokens = registrationTokens;
    this.interactive = interactive;
    this.sessions = sessions;
    this.happenings = happenings;
    this.flows = flows(options.registration() == AccountOptions.RegistrationMode.OPEN, recaptcha);
  }

  /// What must be shown. A test that is not required is one of two ways; "the server can instead
  /// send flows `m.login.recaptcha, m.login.dummy`" so that no flow is the beginning of another.
  private static List<List<String>> flows(boolean open, Optional<Recaptcha> recaptcha) {
    String stage = open ? UserInteractiveAuth.DUMMY : UserInteractiveAuth.REGISTRATION_TOKEN;
    List<String> without = List.of(stage);
    // First the test: else somebody who does not pass it would hold a token's use.
    List<String> with = List.of(UserInteractiveAuth.RECAPTCHA, stage);
    if (recaptcha.isEmpty()) {
      return List.of(without);
    }
    if (recaptcha.get().required()) {
      return List.of(open ? List.of(UserInteractiveAuth.RECAPTCHA) : with);
    }
    return List.of(without, with);
  }

  @Override
  public void register(Routes routes) {
    routes
        .add(
            HttpMethod.POST,
            ClientPaths.v3("/register"),
            Access.NONE,
            RateClass.REGISTER,
            this::register)
        .add(
            HttpMethod.GET,
            ClientPaths.v3("/register/available"),
            Access.NONE,
            RateClass.SEARCH,
            this::available)
        .add(
            HttpMethod.GET,
            ClientPaths.v1("/register/m.login.registration_token/validity"),
            Access.NONE,
            RateClass.REGISTER,
            this::validity);
  }

  private Response register(Request request) {
    return switch (request.query("kind").orElse("user")) {
      case "user" -> registerUser(request);
      case "guest" -> registerGuest(request);
      default -> throw MatrixException.invalidParam("kind must be user or guest");
    };
  }

  private Response registerUser(Request request) {
    checkOpen();
    check(Fields.of(request.json()));
    return interactive.check(
        request,
        UserInteractiveAuth.Guard.ofRegistration(flows),
        authenticated -> {
          try {
            return create(request, authenticated);
          } catch (MatrixException refused) {
            if (!namesASession(request)) {
              // The client cannot go on with a session that it does not know; so it must not hold a
              // token's use either.
              interactive.end(authenticated.session());
            }
            throw refused;
          }
        });
  }

  private static boolean namesASession(Request request) {
    return Fields.of(request.json())
        .optionalObject("auth")
        .filter(auth -> auth.has("session"))
        .isPresent();
  }

  private void checkOpen() {
    if (options.registration() == AccountOptions.RegistrationMode.CLOSED) {
      throw MatrixException.forbidden("Registration is disabled");
    }
  }

  /// "Homeservers MUST perform the relevant checks and return these codes before performing
  /// User-Interactive Authentication"
  private Wish check(Fields fields) {
    Optional<String> username = fields.optionalString("username");
    Optional<UserId> guest =
        fields.optionalString("guest_access_token").map(token -> guest(token, username));
    Wish wish =
        new Wish(
            guest.orElseGet(
                () -> username.map(newAccounts::available).orElseGet(newAccounts::generated)),
            guest.isPresent(),
            fields.optionalString("password"),
            fields.optionalString("device_id").map(DeviceId::parse),
            fields.optionalString("initial_device_display_name"),
            fields.bool("inhibit_login", false),
            fields.bool("refresh_token", false));
    wish.password.ifPresent(password -> newAccounts.checkPassword(wish.user, password));
    wish.deviceName.ifPresent(DeviceNames::check);
    return wish;
  }

  /// "Guest users can also upgrade their account […] They are also required to specify the
  /// `username` parameter to the value of the local part of their username".
  private UserId guest(String token, Optional<String> username) {
    Requester requester = sessions.authenticate(token);
    if (!requester.guest()) {
      throw MatrixException.forbidden("Only a guest's account can be upgraded");
    }
    if (!username.equals(Optional.of(requester.user().localpart()))) {
      throw MatrixException.invalidParam("username must be the guest's");
    }
    return requester.user();
  }

  private record Wish(
      UserId user,
      boolean upgrade,
      Optional<String> password,
      Optional<DeviceId> device,
      Optional<String> deviceName,
      boolean inhibitLogin,
      boolean refreshable) {}

  private Response create(Request request, Authenticated authenticated) {
    Wish wish = check(Fields.of(authenticated.parameters()));
    Optional<String> token = authenticated.registrationToken();
    if (token.isPresent() && !registrationTokens.exists(token.get())) {
      interactive.end(authenticated.session());
      throw MatrixException.forbidden("The registration token has been withdrawn");
    }
    List<RowChange> counted = token.map(RegistrationTokens::completed).stream().toList();
    String password = wish.password.orElseThrow(() -> MatrixException.missingParam("password"));
    UserId user =
        wish.upgrade
            ? newAccounts.upgrade(wish.user, password, counted)
            : newAccounts.create(wish.user, password, false, Optional.empty(), counted);
    // The account is made, whatever becomes of the login.
    happenings.note(Happening.from(request.remoteAddress(), Kind.ACCOUNT_MADE, user));
    interactive.end(authenticated.session());
    if (wish.inhibitLogin) {
      return Response.json(onlyUser(user));
    }
    return Response.json(
        LoginRoutes.json(sessions.logIn(user, wish.device, wish.deviceName, wish.refreshable)));
  }

  private Response registerGuest(Request request) {
    if (!options.guests()) {
      throw MatrixException.forbidden("Guest access is disabled");
    }
    // "all parameters in the request body with the exception of initial_device_display_name MUST BE
    // ignored"
    Optional<String> deviceName =
        Fields.of(request.jsonOrEmpty()).optionalString("initial_device_display_name");
    deviceName.ifPresent(DeviceNames::check);
    UserId guest = newAccounts.createGuest();
    return Response.json(
        LoginRoutes.json(sessions.logIn(guest, Optional.empty(), deviceName, false)));
  }

  static ObjectNode onlyUser(UserId user) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("user_id", user.value())
        .put("home_server", user.server().value());
  }

  private Response available(Request request) {
    checkOpen();
    newAccounts.available(request.requiredQuery("username"));
    return Response.json(JsonNodeFactory.instance.objectNode().put("available", true));
  }

  private Response validity(Request request) {
    checkOpen();
    String token = request.requiredQuery("token");
    boolean valid = RegistrationToken.isWellFormed(token) && registrationTokens.isValid(token);
    return Response.json(JsonNodeFactory.instance.objectNode().put("valid", valid));
  }
}
