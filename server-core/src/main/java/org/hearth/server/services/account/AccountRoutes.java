package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.function.BiConsumer;
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
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Happenings;
import org.hearth.server.services.activity.Kind;

/// Changing the password, closing the account, what the server can do, and locking accounts.
///
/// **source**: [account
/// management](https://spec.matrix.org/v1.19/client-server-api/#legacy-account-management),
/// [capabilities
/// negotiation](https://spec.matrix.org/v1.19/client-server-api/#capabilities-negotiation),
/// [account locking](https://spec.matrix.org/v1.19/client-server-api/#account-locking)
final class AccountRoutes implements RouteGroup {
  private final AccountService service;
  private final NewAccounts newAccounts;
  private final UserInteractiveAuth interactive;

  private final RoomVersion defaultRoomVersion;
  private final Happenings happenings;

  AccountRoutes(
      AccountService service,
      NewAccounts newAccounts,
      UserInteractiveAuth interactive,
      RoomVersion defaultRoomVersion,
      Happenings happenings) {
    this.happenings = happenings;
    this.defaultRoomVersion = defaultRoomVersion;
    this.service = service;
    this.newAccounts = newAccounts;
    this.interactive = interactive;
  }

  @Override
  public void register(Routes routes) {
    String lock = ClientPaths.v1("/admin/lock/{userId}");
    routes
        .add(
            HttpMethod.POST,
            ClientPaths.v3("/account/password"),
            Access.OPTIONAL_USER,
            RateClass.LOGIN,
            this::changePassword)
        .add(
            HttpMethod.POST,
            ClientPaths.v3("/account/deactivate"),
            Access.OPTIONAL_USER,
            RateClass.LOGIN,
            this::deactivate)
        .add(
            HttpMethod.GET,
            ClientPaths.v3("/account/3pid"),
            Access.USER,
            RateClass.DEFAULT,
            _ -> Response.json(noThirdPartyIds()))
        .add(
            HttpMethod.GET,
            ClientPaths.v3("/capabilities"),
            Access.USER_OR_GUEST,
            RateClass.DEFAULT,
            this::capabilities)
        .add(HttpMethod.GET, lock, Access.ADMIN, RateClass.DEFAULT, this::locked)
        .add(HttpMethod.PUT, lock, Access.ADMIN, RateClass.DEFAULT, this::lock);
  }

  private Response changePassword(Request request) {
    Fields fields = Fields.of(request.jsonOrEmpty());
    Optional<String> asked = fields.optionalString("new_password");
    var _ = fields.optionalBool("logout_devices");
    request
        .optionalRequester()
        .ifPresent(who -> asked.ifPresent(text -> newAccounts.checkPassword(who.user(), text)));
    return guarded(
        request,
        (user, parameters) -> {
          Fields wanted = Fields.of(parameters);
          String password = wanted.string("new_password");
          boolean logOut = wanted.bool("logout_devices", true);
          service.changePassword(user, password);
          happenings.note(Happening.from(request.remoteAddress(), Kind.PASSWORD_CHANGED, user));
          if (logOut) {
            // "The homeserver SHOULD NOT revoke the access token provided in the request."
            service.logOutAllBut(
                user, request.optionalRequester().map(Requester::device).orElse(null));
          }
        },
        Response.empty());
  }

  private Response deactivate(Request request) {
    var _ = Fields.of(request.jsonOrEmpty()).optionalBool("erase");
    return guarded(
        request,
        (user, parameters) -> {
          service.deactivate(user, Fields.of(parameters).bool("erase", false));
          happenings.note(Happening.from(request.remoteAddress(), Kind.ACCOUNT_CLOSED, user));
        },
        // "This must be `success` if the homeserver has no identifiers to unbind for the user."
        Response.field("id_server_unbind_result", "success"));
  }

  private Response guarded(
      Request request, BiConsumer<UserId, ObjectNode> action, Response response) {
    Optional<Requester> requester = request.optionalRequester();
    if (requester.isPresent() && requester.get().guest()) {
      throw new MatrixException(Errcode.GUEST_ACCESS_FORBIDDEN, "A guest has no password");
    }
    UserId caller = requester.map(Requester::user).orElse(null);
    return interactive.check(
        request,
        UserInteractiveAuth.Guard.ofAccount(caller),
        authenticated -> {
          action.accept(authenticated.user().orElseThrow(), authenticated.parameters());
          interactive.end(authenticated.session());
          return response;
        });
  }

  /// "A list of the third-party identifiers that the homeserver has associated with the user's
  /// account": it has none of anybody, and `m.3pid_changes` says that none can be added.
  private static ObjectNode noThirdPartyIds() {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putArray("threepids");
    return body;
  }

  private Response capabilities(Request request) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ObjectNode all = body.putObject("capabilities");
    enabled(all, "m.change_password", true);
    enabled(all, "m.set_displayname", true);
    enabled(all, "m.set_avatar_url", true);
    enabled(all, "m.profile_fields", true);
    enabled(all, "m.3pid_changes", false);
    // A guest has no password to show.
    enabled(all, "m.get_login_token", !request.requester().guest());
    enabled(all, "m.forget_forced_upon_leave", false);
    if (request.requester().admin()) {
      all.putObject("m.account_moderation").put("lock", true).put("suspend", false);
    }
    ObjectNode versions = all.putObject("m.room_versions");
    versions.put("default", defaultRoomVersion.id());
    ObjectNode available = versions.putObject("available");
    // The ones that the Room Server has the rules of.
    RoomVersions.all().forEach(each -> available.put(each.id(), "stable"));
    return Response.json(body);
  }

  private static void enabled(ObjectNode all, String capability, boolean enabled) {
    all.putObject(capability).put("enabled", enabled);
  }

  private Response locked(Request request) {
    return Response.json(
        JsonNodeFactory.instance.objectNode().put("locked", moderated(request).locked()));
  }

  private Response lock(Request request) {
    boolean locked = Fields.of(request.json()).bool("locked");
    Account account = moderated(request);
    service.setLocked(account.user(), locked);
    happenings.note(
        Happening.by(
            request.requester().user(),
            request.remoteAddress(),
            locked ? Kind.ACCOUNT_LOCKED : Kind.ACCOUNT_UNLOCKED,
            account.user()));
    return Response.json(JsonNodeFactory.instance.objectNode().put("locked", locked));
  }

  private Account moderated(Request request) {
    UserId user = UserId.parse(request.path("userId"));
    if (!user.isOn(service.serverName())) {
      throw MatrixException.invalidParam("User does not belong to the local server");
    }
    Account account =
        service
            .queries()
            .account(user)
            .filter(each -> !each.deactivated())
            .orElseThrow(() -> MatrixException.notFound("User not found"));
    if (account.admin()) {
      throw MatrixException.forbidden("The user is an administrator");
    }
    return account;
  }
}
