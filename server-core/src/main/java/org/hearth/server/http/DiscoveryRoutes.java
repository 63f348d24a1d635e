package org.hearth.server.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;

/// What a client or peer asks first: versions, and where the server is.
///
/// Source: [Server Discovery](https://spec.matrix.org/v1.19/client-server-api/#server-discovery),
/// [API Versions](https://spec.matrix.org/v1.19/client-server-api/#api-versions).
public final class DiscoveryRoutes implements RouteGroup {
  private static final String KEPT = "public, max-age=3600";

  /// Someone to turn to.
  ///
  /// @param role `m.role.admin` or `m.role.security`
  /// @param matrixId at least this or the next
  /// @param emailAddress at least this or the one before
  public record Contact(String role, Optional<String> matrixId, Optional<String> emailAddress) {}

  /// Where the server is, as the configuration says.
  ///
  /// @param clientBaseUrl for clients; none answers 404
  /// @param federationServer host and port for peers; none answers 404
  /// @param contacts people to turn to
  /// @param supportPage where to get help
  public record Whereabouts(
      Optional<URI> clientBaseUrl,
      Optional<String> federationServer,
      List<Contact> contacts,
      Optional<URI> supportPage) {
    public Whereabouts {
      contacts = List.copyOf(contacts);
    }

    /// Nothing is known but the server itself.
    public static Whereabouts unknown() {
      return new Whereabouts(Optional.empty(), Optional.empty(), List.of(), Optional.empty());
    }
  }

  private final Response versions;
  private final Response federationVersion;
  private final Optional<Response> client;
  private final Optional<Response> server;
  private final Optional<Response> support;

  /// @param softwareVersion of this program
  public DiscoveryRoutes(Whereabouts whereabouts, String softwareVersion) {
    ObjectNode all = object();
    Served served = Served.now();
    served.versions().forEach(all.putArray("versions")::add);
    ObjectNode features = all.putObject("unstable_features");
    served.features().forEach(each -> features.put(each, true));
    versions = Response.json(all);

    ObjectNode software = object();
    software.putObject("server").put("name", "Hearth").put("version", softwareVersion);
    federationVersion = Response.json(software);

    client = whereabouts.clientBaseUrl().map(DiscoveryRoutes::client);
    server =
        whereabouts
            .federationServer()
            .map(name -> Response.field("m.server", name).with("Cache-Control", KEPT));
    support = support(whereabouts);
  }

  @Override
  public void register(Routes routes) {
    open(routes, "/_matrix/client/versions", Optional.of(versions));
    open(routes, "/_matrix/federation/v1/version", Optional.of(federationVersion));
    open(routes, "/.well-known/matrix/client", client);
    open(routes, "/.well-known/matrix/server", server);
    open(routes, "/.well-known/matrix/support", support);
  }

  private static void open(Routes routes, String path, Optional<Response> answer) {
    routes.add(
        HttpMethod.GET,
        path,
        Access.NONE,
        RateClass.DEFAULT,
        BodyLimit.SMALL,
        _ -> answer.orElseThrow(() -> MatrixException.notFound("Nothing is known of that")));
  }

  private static Response client(URI baseUrl) {
    ObjectNode body = object();
    body.putObject("m.homeserver").put("base_url", baseUrl.toString());
    return Response.json(body).with("Cache-Control", KEPT);
  }

  private static Optional<Response> support(Whereabouts whereabouts) {
    if (whereabouts.contacts().isEmpty() && whereabouts.supportPage().isEmpty()) {
      return Optional.empty();
    }
    ObjectNode body = object();
    if (!whereabouts.contacts().isEmpty()) {
      var contacts = body.putArray("contacts");
      for (Contact each : whereabouts.contacts()) {
        ObjectNode contact = contacts.addObject().put("role", each.role());
        each.matrixId().ifPresent(id -> contact.put("matrix_id", id));
        each.emailAddress().ifPresent(address -> contact.put("email_address", address));
      }
    }
    whereabouts.supportPage().ifPresent(page -> body.put("support_page", page.toString()));
    return Optional.of(Response.json(body).with("Cache-Control", KEPT));
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }
}
