import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** Asks as Java does by default: with an offer to go on in HTTP/2. */
class Ask {
  public static void main(String[] arguments) throws Exception {
    var body = new String(System.in.readAllBytes());
    var client = HttpClient.newHttpClient();
    var address = URI.create(arguments[0] + "/v1/models/model:predict");
    var request =
        HttpRequest.newBuilder(address)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build();
    // Twice, over the same connection.
    client.send(request, BodyHandlers.ofString());
    var answer = client.send(request, BodyHandlers.ofString());
    if (answer.statusCode() != 200) throw new Exception(answer.body());
    System.out.println(answer.body());
  }
}
