using System;
using System.Net;
using System.Reflection;
using System.Security.Cryptography.X509Certificates;

/// <summary>
/// Logins with Mono's web services over TLS: secured.exe CONTRACT OWN_CERTIFICATE.
/// </summary>
public static class Secured
{
    const string OthersContract = "DEMO-AUTRE-OC";

    public static void Main(string[] arguments)
    {
        ServicePointManager.SecurityProtocol = SecurityProtocolType.Tls12;
        Expect("Basic", Ask("oc-demo", "oc-demo", arguments[0], null), "OK");
        Expect("Basic, wrong", Ask("oc-demo", "wrong", arguments[0], null), "10000");
        var own = new X509Certificate2(arguments[1], "changeit");
        Expect("a certificate", Ask("oc-autre", "oc-autre", OthersContract, own), "OK");
        Expect("no certificate", Ask("oc-autre", "oc-autre", OthersContract, null), "10000");
        var version = Type.GetType("Mono.Runtime")
            .GetMethod("GetDisplayName", BindingFlags.NonPublic | BindingFlags.Static).Invoke(null, null);
        Console.WriteLine("OK Mono " + version);
    }

    /// <summary>The code of an answer; OK where there is none.</summary>
    static string Ask(string login, string password, string contract, X509Certificate2 certificate)
    {
        // A connection that is kept would keep its certificate, too.
        var service = new eReprovService
        {
            Credentials = new NetworkCredential(login, password),
            ConnectionGroupName = login + password + (certificate != null),
            Timeout = 30000,
        };
        // To Mono, a certificate is for a name, never for an address.
        service.Url = service.Url.Replace("127.0.0.1", "localhost");
        if (certificate != null) service.ClientCertificates.Add(certificate);
        try
        {
            return service.getSiteStructure(contract).enteteResponse.codeErreur ?? "OK";
        }
        catch (WebException failed)
        {
            if (failed.Status == WebExceptionStatus.TrustFailure || failed.Status == WebExceptionStatus.SecureChannelFailure)
                return "nothing";
            throw;
        }
    }

    static void Expect(string what, string got, string wanted)
    {
        if (got == wanted) return;
        Console.Error.WriteLine("FAILED mono: " + what + ": expected " + wanted + ", got " + got);
        Environment.Exit(1);
    }
}
